//! Writes `docs/api.md`, the reference of all services and messages, from the comments in
//! `proto/wufu/v1`. protox keeps these comments in the descriptors that `wufu-proto` carries.

use std::collections::HashMap;
use std::fmt::Write as _;

use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

/// Where the page is.
pub const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md");

/// The files of the page in the order of its chapters.
const FILES: [&str; 4] =
    ["wufu/v1/ledger.proto", "wufu/v1/prover.proto", "wufu/v1/blind.proto", "wufu/v1/types.proto"];

// Field numbers of descriptor.proto, which the paths of comments are made of.
const SYNTAX: i32 = 12;
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const MEMBERS: i32 = 2;
const RESERVED: [i32; 2] = [9, 10];

const HEAD: &str = "\
# API reference

Every service and message that Wufu sends over gRPC or keeps in files. `cargo xtask api` writes this
page from the comments in [`proto/wufu/v1`](../proto/wufu/v1); change those comments, not the page.
A field without a description means what its name says.
";

/// Writes the page.
///
/// # Errors
/// Returns an error if the descriptors cannot be read or the page cannot be written.
pub fn write() -> anyhow::Result<()> {
    Ok(std::fs::write(PAGE, page()?)?)
}

/// The page as the comments make it.
///
/// # Errors
/// Returns an error if the descriptors cannot be read, or a file of a chapter is not among them.
pub fn page() -> anyhow::Result<String> {
    let files = FileDescriptorSet::decode(wufu_proto::DESCRIPTORS)?.file;
    let find = |name: &str| files.iter().find(|file| file.name() == name);
    let missing = |name| anyhow::anyhow!("{name} is not in the descriptors of wufu-proto");
    let chapters = FILES.map(|name| find(name).map(Chapter::new).ok_or_else(|| missing(name)));
    let chapters = chapters.into_iter().collect::<anyhow::Result<Vec<_>>>()?;

    let mut page = HEAD.to_owned();
    page.push_str("\n## Contents\n\n");
    for chapter in &chapters {
        let name = chapter.file.name();
        _ = writeln!(page, "- [{name}](#{})", anchor(name));
        for service in &chapter.file.service {
            _ = writeln!(page, "  - {}", link(service.name()));
        }
    }
    for chapter in &chapters {
        chapter.write(&mut page);
    }
    Ok(page)
}

/// One file with its comments by the path of what they describe.
struct Chapter<'a> {
    file: &'a FileDescriptorProto,
    comments: HashMap<&'a [i32], &'a str>,
}

impl<'a> Chapter<'a> {
    fn new(file: &'a FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments = locations
            .filter_map(|location| Some((&*location.path, location.leading_comments.as_deref()?)));
        Self { file, comments: comments.collect() }
    }

    /// The comment of something, with the line breaks it has in the source.
    fn comment(&self, path: &[i32]) -> String {
        let lines = self.comments.get(path).into_iter().flat_map(|text| text.lines());
        let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    fn paragraph(&self, page: &mut String, path: &[i32]) {
        let comment = self.comment(path);
        if !comment.is_empty() {
            _ = write!(page, "\n{comment}\n");
        }
    }

    fn write(&self, page: &mut String) {
        _ = write!(page, "\n## {}\n", self.file.name());
        self.paragraph(page, &[SYNTAX]);
        for (index, service) in (0..).zip(&self.file.service) {
            self.service(page, service, &[SERVICES, index]);
        }
        for (index, message) in (0..).zip(&self.file.message_type) {
            self.message(page, message, &[MESSAGES, index]);
        }
        for (index, list) in (0..).zip(&self.file.enum_type) {
            self.list(page, list, &[ENUMS, index]);
        }
    }

    fn service(&self, page: &mut String, service: &ServiceDescriptorProto, path: &[i32]) {
        _ = write!(page, "\n### {}\n", service.name());
        self.paragraph(page, path);
        for (index, method) in (0..).zip(&service.method) {
            _ = write!(page, "\n#### {}\n\n{}\n", method.name(), signature(method));
            self.paragraph(page, &[path, &[MEMBERS, index]].concat());
        }
    }

    fn message(&self, page: &mut String, message: &DescriptorProto, path: &[i32]) {
        _ = write!(page, "\n### {}\n", message.name());
        self.paragraph(page, path);
        if message.field.is_empty() {
            page.push_str("\nNo fields.\n");
            return;
        }
        page.push_str("\n| No. | Field | Type | Description |\n|---|---|---|---|\n");
        for (index, field) in (0..).zip(&message.field) {
            let description = cell(&self.comment(&[path, &[MEMBERS, index]].concat()));
            let (number, name) = (field.number(), field.name());
            let kind = kind(message, field);
            _ = writeln!(page, "| {number} | `{name}` | {kind} | {description} |");
        }
        let names = message.reserved_name.iter().map(|name| format!("`{name}`"));
        let numbers = message.reserved_range.iter().map(|range| range.start().to_string());
        let reserved = numbers.chain(names).collect::<Vec<_>>();
        if !reserved.is_empty() {
            _ = write!(page, "\nReserved: {}.\n", reserved.join(", "));
        }
        for kind in RESERVED {
            self.paragraph(page, &[path, &[kind]].concat());
        }
    }

    fn list(&self, page: &mut String, list: &EnumDescriptorProto, path: &[i32]) {
        _ = write!(page, "\n### {}\n", list.name());
        self.paragraph(page, path);
        page.push_str("\n| No. | Value | Description |\n|---|---|---|\n");
        for (index, value) in (0..).zip(&list.value) {
            let description = cell(&self.comment(&[path, &[MEMBERS, index]].concat()));
            _ = writeln!(page, "| {} | `{}` | {description} |", value.number(), value.name());
        }
    }
}

fn signature(method: &MethodDescriptorProto) -> String {
    let side = |stream: bool, name: &str| {
        let stream = if stream { "a stream of " } else { "" };
        format!("{stream}{}", link(short(name)))
    };
    let takes = side(method.client_streaming(), method.input_type());
    let gives = side(method.server_streaming(), method.output_type());
    format!("Takes {takes}, returns {gives}.")
}

/// The type of a field, with a link where it is a message or an enum of this page.
fn kind(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let kind = match field.r#type() {
        Type::Message | Type::Enum => link(short(field.type_name())),
        // Scalars have the name that the .proto files have.
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    let choice =
        field.oneof_index.and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?));
    match (field.label(), choice) {
        (Label::Repeated, _) => format!("repeated {kind}"),
        (_, Some(_)) if field.proto3_optional() => format!("optional {kind}"),
        (_, Some(choice)) => format!("{kind}, one of `{}`", choice.name()),
        _ => kind,
    }
}

/// The name without its package.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", anchor(name))
}

/// The anchor that a heading gets in Markdown.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || "-_ ".contains(*char));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// A comment as one cell of a table.
fn cell(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
