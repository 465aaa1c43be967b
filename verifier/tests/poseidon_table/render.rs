//! Writes the tables as source text, formatted as rustfmt does.

use ark_bn254::Fr;

use crate::poseidon_table::{derive::Recurrence, grain::Dense};

const HEAD: &str = "//! Generated and compared by `tests/poseidon_table`; not to be edited.\n\n";

/// `parameters/widthN.rs`.
pub fn dense(dense: &Dense) -> String {
    let width = dense.width;
    let mut text = format!("{HEAD}use ark_bn254::Fr;\n\nuse super::fr;\n\n");
    let mut table = |name: &str, values: &[Fr]| {
        text += &format!("pub(super) static {name}: [Fr; {}] = [\n", values.len());
        text += &lines(values, 1);
        text += "];\n";
    };
    table("MDS", &dense.mds.concat());
    table("ROUND_CONSTANTS", &dense.round_constants);
    assert_eq!(dense.mds.len(), width);
    text.replace("];\npub", "];\n\npub")
}

/// `recurrence/widthN.rs`.
pub fn recurrence(r: &Recurrence) -> String {
    let (width, n) = (r.width, r.width - 1);
    let mut text = format!(
        "{HEAD}use ark_bn254::Fr;\n\n\
         use super::{{super::parameters::fr, Recurrence}};\n\n\
         pub(in super::super) static WIDTH{width}: Recurrence<{width}, {n}> = Recurrence {{\n    \
         enter: ENTER,\n    constants: &CONSTANTS,\n    step: STEP,\n    scale: SCALE,\n    \
         leave: LEAVE,\n    leave_constants: LEAVE_CONSTANTS,\n}};\n"
    );
    let enter: String = r.enter.iter().map(|row| block(row, 1)).collect();
    let step: String = r.step.iter().map(|row| block(row, 1)).collect();
    let leave: String = r
        .leave
        .iter()
        .map(|[v, y]| format!("    [\n{}{}    ],\n", block(v, 2), block(y, 2)))
        .collect();
    let tables = [
        (format!("const ENTER: [[Fr; {width}]; {width}]"), enter),
        (format!("static CONSTANTS: [Fr; {}]", r.constants.len()), lines(&r.constants, 1)),
        (format!("const STEP: [[Fr; {n}]; 2]"), step),
        (format!("const LEAVE: [[[Fr; {n}]; 2]; {n}]"), leave),
        (format!("const LEAVE_CONSTANTS: [Fr; {width}]"), lines(&r.leave_constants, 1)),
    ];
    for (declaration, body) in tables {
        text += &format!("\n{declaration} = [\n{body}];\n");
    }
    text += &format!("\nconst SCALE: Fr =\n{};\n", lines(&[r.scale], 1).trim_end_matches(",\n"));
    text
}

fn block(values: &[Fr], depth: usize) -> String {
    let indent = "    ".repeat(depth);
    format!("{indent}[\n{}{indent}],\n", lines(values, depth + 1))
}

/// One value a line, in Montgomery form, least significant limb first.
fn lines(values: &[Fr], depth: usize) -> String {
    let indent = "    ".repeat(depth);
    let line = |value: &Fr| {
        let [a, b, c, d] = value.0.0;
        format!("{indent}fr([{a:#018x}, {b:#018x}, {c:#018x}, {d:#018x}]),\n")
    };
    values.iter().map(line).collect()
}
