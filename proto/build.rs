//! Compiles the `.proto` files with protox: no system protoc.

use prost::Message as _;

/// Messages with secrets: their `Debug` is written by hand and prints nothing, and they are wiped wherever they are dropped.
const SECRET: [&str; 15] = [
    ".wufu.v1.CardGrant",
    ".wufu.v1.CardOpening",
    ".wufu.v1.DealResponse",
    ".wufu.v1.DonationEntry",
    ".wufu.v1.DonationReceipt",
    ".wufu.v1.DonationWitness",
    ".wufu.v1.EvaluateRequest",
    ".wufu.v1.EvaluateResponse",
    ".wufu.v1.FiveFuWitness",
    ".wufu.v1.Gift",
    ".wufu.v1.GiftWitness",
    ".wufu.v1.MembershipPath",
    ".wufu.v1.PersonGrant",
    ".wufu.v1.ShardPath",
    ".wufu.v1.Voucher",
];

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["types", "prover", "blind", "ledger"].map(|name| format!("wufu/v1/{name}.proto"));
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let rpc = std::env::var_os("CARGO_FEATURE_RPC").is_some();
    let mut builder = tonic_prost_build::configure()
        .build_client(rpc)
        .build_server(rpc)
        .build_transport(rpc)
        .skip_debug(SECRET)
        // Public parts of secret messages.
        .type_attribute(".wufu.v1.Address", "#[derive(::zeroize::Zeroize)]")
        .type_attribute(".wufu.v1.Policy", "#[derive(::zeroize::Zeroize)]");
    for message in SECRET {
        builder = builder
            .type_attribute(message, "#[derive(::zeroize::Zeroize, ::zeroize::ZeroizeOnDrop)]");
    }
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    builder.compile_fds_with_config(descriptors, config)?;
    Ok(())
}
