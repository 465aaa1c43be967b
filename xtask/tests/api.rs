//! `docs/api.md` is what `cargo xtask api` writes, and leaves nothing out.

use std::collections::HashSet;

use prost::Message as _;
use prost_types::FileDescriptorSet;
use xtask::api;

#[test]
fn the_reference_is_that_of_the_comments() {
    let kept = std::fs::read_to_string(api::PAGE).unwrap();
    assert!(kept == api::page().unwrap(), "docs/api.md is stale: run `cargo xtask api`");
}

#[test]
fn the_reference_has_all_that_the_protos_define() {
    let page = api::page().unwrap();
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| line.trim_start_matches(['#', ' '])).collect::<Vec<_>>();
    let unique = headings.iter().collect::<HashSet<_>>();
    assert_eq!(unique.len(), headings.len(), "a heading stands there twice: {headings:?}");

    let files = FileDescriptorSet::decode(wufu_proto::DESCRIPTORS).unwrap().file;
    for file in files.iter().filter(|file| file.package() == "wufu.v1") {
        assert!(unique.contains(&file.name()), "no chapter for {}", file.name());
        for service in &file.service {
            assert!(unique.contains(&service.name()), "no {}", service.name());
            for method in &service.method {
                assert!(unique.contains(&method.name()), "no {}", method.name());
            }
        }
        for message in &file.message_type {
            assert!(unique.contains(&message.name()), "no {}", message.name());
            // Messages inside messages would need code that writes them.
            assert!(message.nested_type.is_empty() && message.enum_type.is_empty());
            for field in &message.field {
                let row = format!("| {} | `{}` |", field.number(), field.name());
                assert!(page.contains(&row), "{}: no row {row}", message.name());
            }
        }
        for list in &file.enum_type {
            assert!(unique.contains(&list.name()), "no {}", list.name());
            for value in &list.value {
                assert!(page.contains(&format!("`{}`", value.name())), "no {}", value.name());
            }
        }
        // Comments come with the descriptors only as long as their build keeps source information.
        let info = file.source_code_info.as_ref().unwrap();
        for comment in info.location.iter().filter_map(|place| place.leading_comments.as_ref()) {
            let first = comment.lines().next().unwrap().trim();
            assert!(page.contains(&first.replace('|', "\\|")), "{}: {first}", file.name());
        }
    }
}
