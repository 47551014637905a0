import type { FormEvent, ReactNode } from "react";

import { charter, useSession } from "./session";

export function App(): ReactNode {
  const { me, failure, act } = useSession();

  function signIn(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    void act(() => charter.auth.login({ email: String(given.get("email")), password: String(given.get("password")) }));
  }

  function rename(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name"));
    void act(() => charter.me.updateMe({ display_name: name || null }));
  }

  return (
    <>
      {me === undefined && <p>One moment.</p>}
      {me === null && (
        <form onSubmit={signIn}>
          <h1>Sign in</h1>
          <label>Email <input name="email" type="email" autoComplete="username" required /></label>
          <label>Password <input name="password" type="password" autoComplete="current-password" required /></label>
          <button>Sign in</button>
        </form>
      )}
      {me && (
        <form key={me.id} onSubmit={rename}>
          <h1>{me.profile.display_name ?? me.email}</h1>
          <label>Name <input name="name" defaultValue={me.profile.display_name ?? ""} /></label>
          <button>Save</button>
          <button type="button" onClick={() => void act()}>Read again</button>
          <button type="button" onClick={() => void act(() => charter.auth.logout())}>Sign out</button>
        </form>
      )}
      <p role="alert">{failure}</p>
    </>
  );
}
