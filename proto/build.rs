//! Compiles the `.proto` files with protox: no system protoc.

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use prost::Message as _;

    let files = ["wufu/v1/types.proto", "wufu/v1/prover.proto", "wufu/v1/ledger.proto"];
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let rpc = std::env::var_os("CARGO_FEATURE_RPC").is_some();
    tonic_prost_build::configure()
        .build_client(rpc)
        .build_server(rpc)
        .build_transport(rpc)
        // Their `Debug` is written by hand, and prints nothing.
        .skip_debug([
            ".wufu.v1.CardGrant",
            ".wufu.v1.PersonGrant",
            ".wufu.v1.DonationReceipt",
            ".wufu.v1.Gift",
            ".wufu.v1.Voucher",
            ".wufu.v1.CardOpening",
            ".wufu.v1.FiveFuWitness",
            ".wufu.v1.DonationWitness",
            ".wufu.v1.GiftWitness",
            ".wufu.v1.MembershipPath",
            ".wufu.v1.ShardPath",
        ])
        .compile_fds(descriptors)?;
    Ok(())
}
