//! The circuits as they are, and their twins: nothing stays open but what `hunt.json` explains.

use serde::Deserialize;
use wufu_analysis::hunt::{Determination, Hunt, System};
use wufu_circuits::{DonationInstance, FiveFuInstance, GiftInstance};

use crate::{
    common::node,
    hunt::{NONE, system},
};

/// What `hunt.json` says about a system, with a reason for each wire.
#[derive(Deserialize)]
struct Expected {
    name: String,
    /// The number of private inputs, if the file counts others with them.
    private: Option<usize>,
    /// Wires that the inputs leave open.
    open: Vec<Explained>,
    /// Declared private inputs that follow from the others. Only stated for our own circuits.
    follow: Option<Vec<Explained>>,
    /// Public wires that do not follow from the private inputs.
    free_public: Vec<Explained>,
}

#[derive(Deserialize)]
struct Explained {
    wires: Vec<u32>,
    what: String,
    why: String,
}

fn expected(name: &str) -> Expected {
    let all: Vec<Expected> = serde_json::from_str(include_str!("hunt.json")).unwrap();
    all.into_iter().find(|expected| expected.name == name).unwrap()
}

fn explained(listed: &[Explained]) -> Vec<u32> {
    assert!(listed.iter().all(|wires| !wires.what.is_empty() && !wires.why.is_empty()));
    let mut wires: Vec<u32> = listed.iter().flat_map(|listed| &listed.wires).copied().collect();
    wires.sort_unstable();
    wires
}

/// Checks that a system leaves open what is explained and nothing else, and that its public wires,
/// including the nullifiers, follow from the private inputs.
fn is_as_explained(system: &System, name: &str) {
    let expected = expected(name);
    let mut hunt = Hunt::new(system);
    let inputs = system.public() + expected.private.unwrap_or(system.private());
    system.inputs().take(inputs).for_each(|wire| hunt.give(wire));
    hunt.run();
    assert_eq!(hunt.undetermined(), explained(&expected.open), "{name}");
    assert_eq!(system.unused(), NONE, "{name}");
    let follows = Determination::new(system);
    assert_eq!(follows.free_public, explained(&expected.free_public), "{name}");
    if let Some(follow) = &expected.follow {
        assert_eq!(follows.private, explained(follow), "{name}");
    }
}

/// Rows of docs/failures.md: 8.
#[test]
fn the_circuits_leave_nothing_open() {
    is_as_explained(&system::<FiveFuInstance>(), "five-fu");
    is_as_explained(&system::<DonationInstance>(), "donation");
    is_as_explained(&system::<GiftInstance>(), "gift");
}

/// Rows of docs/failures.md: 8.
/// The twins in circom, compiled here if there is node.
///
/// The header of Donation's file counts 95 private inputs. circom has left one of them out, because
/// a public output is the same, so the last that it counts is not an input.
#[test]
fn the_twins_leave_nothing_open() {
    let twins = [("five_fu", 32_308), ("donation", 8_109), ("gift", 5_894)];
    let Some(folder) = node::ready(&twins.map(|(name, _)| name)) else { return };
    for (name, rows) in twins {
        let file = std::fs::read(folder.join(format!("{name}.r1cs"))).unwrap();
        let system = System::read(&file).unwrap();
        assert_eq!(system.rows().len(), rows, "rows of the twin {name}");
        is_as_explained(&system, &format!("twins/{name}"));
    }
}
