"""A team's project, as small as one can be that uses every part: a resource with five operations beside Charter's."""
