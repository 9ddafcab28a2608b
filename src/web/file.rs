//! Files too large for a mail: `/a/<ticket>/<event>/<part>/<last day>/<token>`. The token in the path is the whole right to
//! read it, so nothing here may show it on: no referrer, no cache, no index.
//!
//! A file is what somebody outside sent. It is never shown, only saved: whatever it is, it must not run in the name of this
//! host.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::web::limits;

/// A file with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// As whoever saves it sees it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Finds the file of a path behind `/a/`; `None` if the path is not ours, was changed, is over, or if the file is gone: who
/// asks is not told which. It may take its time, so it is asked on a thread of its own.
pub type Files = Arc<dyn Fn(&str) -> Option<File> + Send + Sync>;

/// The pages of files.
pub fn file_pages(files: Files) -> Router {
    let places = Arc::new(Semaphore::new(limits::FILES_AT_ONCE));
    let page = move |Path(path): Path<String>| {
        let (files, places) = (Arc::clone(&files), Arc::clone(&places));
        async move {
            // Each is read whole, so only so many are.
            let Ok(_place) = places.acquire().await else { return gone() };
            match tokio::task::spawn_blocking(move || files(&path)).await {
                Ok(Some(file)) => saved(file),
                Ok(None) | Err(_) => gone(),
            }
        }
    };
    Router::new().route("/a/{*path}", get(page))
}

fn gone() -> Response<Body> {
    (StatusCode::NOT_FOUND, "This link is not valid, or no longer.\n").into_response()
}

fn saved(file: File) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&file.name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    let robots = [("X-Robots-Tag", "noindex, nofollow")];
    (headers, robots, file.bytes).into_response()
}

/// RFC 6266 §4.1: a name for old programs, in which whatever may be misread is an underscore, and the true one (RFC 8187).
fn disposition(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._ ()".contains(c) { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_anything_and_stays_a_name() {
        let check = |name: &str, expect: &str| assert_eq!(disposition(name), expect);
        check("log.txt", "attachment; filename=\"log.txt\"; filename*=UTF-8''log.txt");
        check("Größe.pdf", "attachment; filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf");
        check("a\"b\r\nX: y", "attachment; filename=\"a_b__X_ y\"; filename*=UTF-8''a%22b%0D%0AX%3A%20y");
    }
}
