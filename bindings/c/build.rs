//! Names the shared library's interface. A program that is linked with it asks for that name, and never for an interface that changed.

/// Raised with every change of the interface that breaks programs which were linked before.
const INTERFACE: u32 = 0;

#[allow(clippy::print_stdout)]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libwufu_verifier.so.{INTERFACE}");
    }
}
