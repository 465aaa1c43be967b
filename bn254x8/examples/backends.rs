//! Names the backends of this machine, one a line, the fastest last.
#![allow(clippy::print_stdout)]

use bn254x8::Backend;

fn main() {
    Backend::available().for_each(|backend| println!("{backend}"));
}
