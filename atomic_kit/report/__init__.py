"""Reports: pictures and pages made from records."""

from atomic_kit.report.pages import write_pages, write_release_page, write_stream_page

__all__ = ["write_pages", "write_release_page", "write_stream_page"]
