//! Chromium really runs pages and takes pictures of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use servers::Chromium;
use std::path::{Path, PathBuf};
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(60);

fn page(folder: &Path, name: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("<!doctype html><meta charset=\"utf-8\"><body style=\"margin:0\">{body}")).unwrap();
    path
}

#[test]
fn the_dom_is_what_the_script_left_after_its_timers() {
    let folder = tempfile::tempdir().unwrap();
    // Half a minute of the page's own time.
    let script = "setTimeout(() => { document.title = 'after ' + (6 * 7); }, 30000);";
    let html = page(folder.path(), "a page#1.html", &format!("<p>é</p><script>{script}</script>"));
    let dom = Chromium::find().dom(&html, BUDGET);
    assert!(dom.contains("<title>after 42</title>") && dom.contains("<p>é</p>"), "{dom}");
}

#[test]
fn a_page_reaches_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let server = servers::http::Server::start(|_, _| {
        servers::http::Reply::Answer(servers::http::Response::new(200, "text/plain", "reached"))
    });
    let script = format!(
        "fetch('http://localhost:{}/', {{mode: 'no-cors'}})\
         .then(() => document.title = 'reached', () => document.title = 'refused');",
        server.address().port()
    );
    let html = page(folder.path(), "page.html", &format!("<script>{script}</script>"));
    let dom = Chromium::find().dom(&html, BUDGET);
    assert!(dom.contains("<title>refused</title>"), "{dom}");
}

/// Red on the left, blue on the right; Chromium itself tells the pixels of its picture.
#[test]
fn a_picture_shows_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let half = |colour: &str| format!("<div style=\"float:left;width:50px;height:60px;background:{colour}\"></div>");
    let html = page(folder.path(), "halves.html", &(half("#ff0000") + &half("#0000ff")));
    let png = folder.path().join("halves.png");
    let chromium = Chromium::find();
    chromium.screenshot(&html, &png, 100, 60);
    let picture = STANDARD.encode(std::fs::read(&png).unwrap());
    let script = format!(
        "const image = new Image();
        image.onload = () => {{
            const canvas = document.createElement('canvas');
            canvas.width = image.width;
            canvas.height = image.height;
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            const at = (x, y) => context.getImageData(x, y, 1, 1).data.join(',');
            document.title = [image.width, image.height, at(5, 30), at(95, 30), at(95, 59)].join(' ');
        }};
        image.src = 'data:image/png;base64,{picture}';"
    );
    let html = page(folder.path(), "pixels.html", &format!("<script>{script}</script>"));
    let dom = chromium.dom(&html, BUDGET);
    let told = "<title>100 60 255,0,0,255 0,0,255,255 0,0,255,255</title>";
    assert!(dom.contains(told), "{}", dom.get(..300).unwrap_or(&dom));
}
