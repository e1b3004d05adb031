"""The post-mortem: one page that needs nothing else (`streams.report.page`)."""
