"""The names and addresses of a large population: few names that many share, so that every prefix has its crowd."""

_FIRST_NAMES = """
Anna Andrew Alice Alan Amina Arthur Bella Boris Bruno Carla Cecil Chloe Daniel Daria David Diana Edith Elena Emil
Emma Erik Fatima Felix Fiona Frank Gala George Grace Hana Harold Helen Hugo Ida Igor Ines Iris Jack James Jane
Joan John Julia Karl Kate Kira Laura Leon Linda Lucas Maria Mark Martha Max Mia Nadia Nina Noah Olga Omar Oscar
Paul Petra Quinn Rachel Ravi Robert Rosa Ruth Sara Simon Sofia Stefan Tara Thomas Tina Ulla Uma Vera Victor Wanda
William Xenia Yara Yusuf Zoe
"""
_LAST_NAMES = """
Abbott Adler Baker Banks Becker Bell Berg Brown Castro Chen Clark Cohen Costa Cruz Dahl Davis Diaz Dubois Evans
Fischer Flores Ford Garcia Gray Green Gupta Haas Hall Hansen Hill Horn Ito Ivanov Jansen Jones Kaya Kelly Khan King
Klein Kovacs Lang Lee Lewis Li Lopez Lund Marsh Martin Meyer Mills Moore Mora Nagy Nash Novak Olsen Ortiz Owen Park
Patel Perez Petrov Popov Price Quist Ramos Reed Ricci Rossi Roth Ruiz Sato Shaw Silva Singh Smith Stone Tanaka
Taylor Turner Udall Vance Vargas Vogel Walker Wang Weber White Wolf Wood Wright Xu Yang Young Zhang Ziegler
"""
_FIRST, _LAST = _FIRST_NAMES.split(), _LAST_NAMES.split()
_PLACES = ("north.example", "south.example", "east.example", "west.example")
# The first names of the list are used more often: the one at the top to some 3 in 100.
_COMMON = 30


def email(number: int) -> str:
    """Return the address of an account, in canonical form; no two are the same."""
    if number < 2:
        return f"{('ada', 'robot')[number]}@{_PLACES[0]}"
    first, last = _names(number)
    local = f"{first[0]}{last}" if number % 7 == 5 else f"{first}.{last}"
    return f"{local.lower()}{number}@{_PLACES[number % len(_PLACES)]}"


def display_name(number: int) -> str:
    """Return what an account calls itself."""
    if number < 2:
        return ("Ada", "Robot")[number]
    first, last = _names(number)
    return f"{last} {first}" if number % 11 == 6 else f"{first} {last}"


def _names(number: int) -> tuple[str, str]:
    # Multiplied and folded: neighbours have nothing in common, and every size has the same shares.
    mixed = number * 2_654_435_761 % 2**32
    spread = mixed >> 8
    first = _FIRST[spread % (_COMMON if mixed % 3 == 0 else len(_FIRST))]
    return first, _LAST[spread // len(_FIRST) % len(_LAST)]
