//! The files that pages refer to, served from memory under names that carry a hash of their content.
//! It does not know pages; `asset_url` is all they need.
//! Invariant: a URL stands for exactly one content for ever, so it may be cached for a year; there is no other file.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::canonical::Hash;
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
    /// The file part of its URL: `console.0123456789abcdef.css`.
    hashed_name: String,
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset("console.css", "text/css; charset=utf-8", include_str!("../../../assets/console.css")),
        asset("console.js", "text/javascript; charset=utf-8", include_str!("../../../assets/console.js")),
        asset("sheet.css", "text/css; charset=utf-8", include_str!("../../../assets/sheet.css")),
        asset("mark.svg", "image/svg+xml", include_str!("../../../assets/mark.svg")),
    ]
});

fn asset(name: &'static str, content_type: &'static str, content: &'static str) -> Asset {
    let hash = Hash::of("daicho.asset.v1", &[content.as_bytes()]).short();
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    Asset { name, content_type, content, hashed_name: format!("{stem}.{hash}.{extension}") }
}

/// The URL of an asset, by its plain name. A name that is not in the list gives a URL that answers 404.
pub fn asset_url(name: &str) -> String {
    let hashed = ASSETS.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.hashed_name.as_str());
    format!("/assets/{hashed}")
}

/// `GET /assets/{name}`: no person needed, nothing in it is about anybody.
pub async fn serve(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.hashed_name == name) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
