//! Prints the backends that the CPU supports, one per line, fastest last.
#![allow(clippy::print_stdout)]

use bn254x8::Backend;

fn main() {
    Backend::available().for_each(|backend| println!("{backend}"));
}
