//! `pallet-sudo`: in every runtime, for development chains. On any other its calls are refused
//! (`tx_pause::SudoInDevelopment`), and no preset but the development one has a key.

use crate::{Runtime, RuntimeCall, RuntimeEvent};

impl pallet_sudo::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}
