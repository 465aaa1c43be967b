//! Compiles the `.proto` files with protox, without a `protoc` of the system.

use prost::Message as _;

/// Messages with secrets, beside the witnesses. Their `Debug` prints only their name, and they are
/// wiped when they are dropped.
const SECRET: [&str; 12] = [
    ".wufu.v1.CardGrant",
    ".wufu.v1.CardOpening",
    ".wufu.v1.DealResponse",
    ".wufu.v1.DonationEntry",
    ".wufu.v1.DonationReceipt",
    ".wufu.v1.EvaluateRequest",
    ".wufu.v1.EvaluateResponse",
    ".wufu.v1.Gift",
    ".wufu.v1.MembershipPath",
    ".wufu.v1.PersonGrant",
    ".wufu.v1.ShardPath",
    ".wufu.v1.Voucher",
];

/// Returns the messages with secrets. Every message that is a field of `Witness` is one, including
/// that of a new statement.
fn secrets(descriptors: &prost_types::FileDescriptorSet) -> Vec<String> {
    let messages = descriptors.file.iter().flat_map(|file| &file.message_type);
    let witness = messages.filter(|message| message.name() == "Witness");
    let fields = witness.flat_map(|message| &message.field);
    let witnesses = fields.map(|field| field.type_name().to_owned());
    SECRET.map(str::to_owned).into_iter().chain(witnesses).collect()
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["types", "prover", "blind", "ledger"].map(|name| format!("wufu/v1/{name}.proto"));
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let secrets = secrets(&descriptors);
    let names = secrets.iter().filter_map(|name| name.strip_prefix(".wufu.v1."));
    let names = names.collect::<Vec<_>>().join(",\n    ");
    std::fs::write(out.join("secrets.rs"), format!("secrets! {{\n    {names}\n}}\n"))?;

    let rpc = std::env::var_os("CARGO_FEATURE_RPC").is_some();
    let mut builder = tonic_prost_build::configure()
        .build_client(rpc)
        .build_server(rpc)
        .build_transport(rpc)
        .skip_debug(&secrets)
        // Public parts of secret messages.
        .type_attribute(".wufu.v1.Address", "#[derive(::zeroize::Zeroize)]")
        .type_attribute(".wufu.v1.Policy", "#[derive(::zeroize::Zeroize)]");
    for message in &secrets {
        builder = builder
            .type_attribute(message, "#[derive(::zeroize::Zeroize, ::zeroize::ZeroizeOnDrop)]");
    }
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    builder.compile_fds_with_config(descriptors, config)?;
    Ok(())
}
