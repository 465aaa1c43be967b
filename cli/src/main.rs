//! wufu
fn main() {}
