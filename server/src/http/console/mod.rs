//! The console: server-rendered pages in Japanese and English.
