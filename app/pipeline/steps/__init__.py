"""The steps, one file each; `app.pipeline.order` has their order."""
