//! `pallet-node-pool`: nodes, capacity and the draw.

use crate::{InferenceMarket, ModelRegistry, NetworkParameters, Runtime, Signature, WorkerStaking};
use frame_support::traits::ConstU32;

impl pallet_node_pool::Config for Runtime {
	type Network = NetworkParameters;
	type Stakes = WorkerStaking;
	type Models = ModelRegistry;
	type MaxPoolNodes = ConstU32<256>;
	type MaxModelsPerNode = ConstU32<16>;
	type MaxNodesPerOperator = ConstU32<64>;
	type MaxSnapshotMembers = ConstU32<128>;
	type Orders = InferenceMarket;
	type WeightInfo = pallet_node_pool::weights::SubstrateWeight<Runtime>;
	type WorkerSignature = Signature;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarking::Benchmarks;
}
