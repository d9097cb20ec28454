//! Builds the runtime's WebAssembly beside the native library.

fn main() {
	// The wasm build is a cargo run of its own: a lint wrapper (scripts/lint-rustc) is not for it.
	std::env::remove_var("RUSTC_WORKSPACE_WRAPPER");
	// The builder's `release` has LTO, which costs a minute of processor time and makes a tenth less to run. Chains get
	// `production`, which has it whatever this says.
	if std::env::var_os("CARGO_PROFILE_RELEASE_LTO").is_none() {
		std::env::set_var("CARGO_PROFILE_RELEASE_LTO", "off");
	}
	#[cfg(all(feature = "std", feature = "metadata-hash"))]
	{
		substrate_wasm_builder::WasmBuilder::init_with_defaults()
			.enable_metadata_hash("INF", 12)
			.build();
	}
	#[cfg(all(feature = "std", not(feature = "metadata-hash")))]
	{
		substrate_wasm_builder::WasmBuilder::build_using_defaults();
	}
}
