"""The steps, one file each; `app.policy.pipeline` has their order."""
