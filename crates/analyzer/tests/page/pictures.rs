//! Pictures for the README, where a variable names a folder for them.

use crate::stage::Stage;
use serde_json::json;
use servers::View;
use std::path::Path;

/// The variable that names the folder.
const FOLDER: &str = "SGFLOW_PICTURES";

#[test]
fn pictures_are_taken_where_a_folder_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let named = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty());
    let folder = named.as_deref().map_or(temporary.path(), Path::new);
    std::fs::create_dir_all(folder).unwrap();
    for (dark, name) in [(false, "page-light.png"), (true, "page-dark.png")] {
        let png = folder.join(name);
        let view = View { dark, ..View::default() };
        Stage::of_samples().visit(view, json!([["picture", png]]));
        // PNG, "IHDR chunk": width and height stand at byte 16.
        let bytes = std::fs::read(&png).unwrap();
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((&bytes[1..4], number(16), number(20)), (b"PNG".as_slice(), 1280, 900));
    }
}
