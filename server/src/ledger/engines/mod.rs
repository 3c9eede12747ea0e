//! The engines, each keeping the contract of [`super::engine::Engine`]. Which one runs is a setting, not a build.
//! They know bytes, numbers and hashes; no kind of fact appears in this folder.
