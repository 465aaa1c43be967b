//! Names the shared library's interface. A program that is linked with the library asks for that
//! name, so it never gets an interface that has changed.

/// Raise this with every change of the interface that breaks linked programs.
const INTERFACE: u32 = 0;

#[allow(clippy::print_stdout)]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libwufu_verifier.so.{INTERFACE}");
    }
}
