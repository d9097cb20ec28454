//! `pallet-inference-market`: workloads.

use super::{
	babe::BabeParentVrf,
	governance::origins::EmergencyOrigin,
	staking::{MaxAutoRebagPerBlock, VoterListWeights},
	system::HeaviestProof,
	technical_committee::MaxMotionWeight,
};
use crate::{
	AccountId, Balance, Balances, ModelRegistry, NetworkParameters, NodePool, ProofVerifier,
	Runtime, RuntimeCall, RuntimeHoldReason, TechnicalCommittee, TransactionPayment, WorkerStaking,
};
use frame_support::{
	dispatch::{DispatchInfo, GetDispatchInfo},
	parameter_types,
	traits::{ConstU32, ConstU8, Get},
	weights::Weight,
	PalletId,
};
use inference_primitives::traits::Network as _;
use pallet_bags_list::WeightInfo as _;
use pallet_inference_market::{Admission, OperationalCalls, WeightInfo};
use sp_runtime::{traits::Convert, Perbill};

/// Part of a block for the deadlines that pass in it and its draws.
const DRAW_RATIO: Perbill = Perbill::from_percent(18);

parameter_types! {
	pub const MarketPalletId: PalletId = PalletId(*b"inf/mrkt");
	/// What the other hooks at their worst leave of their share (`tests/hooks.rs`).
	pub MaxDrawWeight: Weight = DRAW_RATIO * super::system::MAXIMUM_BLOCK_WEIGHT;
	/// A proof, and the accounts that `VoterList` sorts anew in a block: the one other hook that takes idle weight.
	pub IdleReserve: Weight = HeaviestProof::get()
		+ VoterListWeights::on_idle_rebag() * u64::from(<MaxAutoRebagPerBlock as Get<u32>>::get())
		+ <Runtime as frame_system::Config>::DbWeight::get().reads_writes(5, 1);
	/// Raised by a fork that keeps the genesis block.
	pub const ForkDomain: u32 = 0;
}

/// The account of `pallet-treasury`: fees, and slashes beyond what users are owed.
pub struct Treasury;
impl Get<AccountId> for Treasury {
	fn get() -> AccountId {
		crate::Treasury::account_id()
	}
}

/// Bytes of a signed order besides the values of its input, at most.
const ORDER_BYTES: u32 = 512;
/// Bytes of an order's call alone besides the values of its input, at most.
const CALL_BYTES: u32 = 96;
/// Weight of a transaction's extensions, at most.
const EXTENSIONS: Weight = Weight::from_parts(500_000_000, 0);

/// The transaction fee of an order: a whole transaction's for the first of its transaction, what the
/// call adds to a batch for each further one.
pub struct OrderFee;
impl Convert<(u32, bool), Balance> for OrderFee {
	fn convert((values, first): (u32, bool)) -> Balance {
		let call_weight = MarketWeights::submit_workload(values);
		let fee = |bytes: u32, call_weight, extension_weight| {
			let info = DispatchInfo {
				call_weight,
				extension_weight,
				..Default::default()
			};
			TransactionPayment::compute_fee(bytes, &info, 0)
		};
		// Saturating: the input's bound is far below.
		let bytes = values.saturating_mul(8);
		if first {
			return fee(bytes.saturating_add(ORDER_BYTES), call_weight, EXTENSIONS);
		}
		fee(
			bytes.saturating_add(CALL_BYTES),
			call_weight,
			Weight::zero(),
		)
		.saturating_sub(fee(0, Weight::zero(), Weight::zero()))
	}
}

/// The market's weights.
type MarketWeights = pallet_inference_market::weights::SubstrateWeight<Runtime>;

/// Who sends operational transactions besides assigned workers: root's key, and the members of the technical
/// committee, whose motions are operational. A member may do nothing with the reserve but make the committee's calls,
/// one at a time and within [`MaxMotionWeight`]: with others, which fail and keep the weight that they
/// declare, it would hold the service clock for the fees alone.
pub struct Officers;
impl OperationalCalls<AccountId, RuntimeCall> for Officers {
	fn admission(who: &AccountId, call: &RuntimeCall) -> Admission {
		if NetworkParameters::is_development()
			&& pallet_sudo::Key::<Runtime>::get().as_ref() == Some(who)
		{
			return Admission::Any;
		}
		if is_motion(call) && TechnicalCommittee::is_member(who) {
			return Admission::OneAtATime;
		}
		Admission::No
	}
}

/// Whether a call is the committee's, and declares no more than the heaviest motion takes to be closed. Members choose
/// what it declares: the weight of what a motion dispatches, and the length by which it is read.
fn is_motion(call: &RuntimeCall) -> bool {
	matches!(call, RuntimeCall::TechnicalCommittee(_))
		&& call
			.get_dispatch_info()
			.call_weight
			.all_lte(MaxMotionWeight::get())
}

impl pallet_inference_market::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type Models = ModelRegistry;
	type NodePool = NodePool;
	type Stakes = WorkerStaking;
	type ProofVerifier = ProofVerifier;
	type ParentVrf = BabeParentVrf;
	type Treasury = Treasury;
	type ForkDomain = ForkDomain;
	type PalletId = MarketPalletId;
	type MaxQueuedPerModel = ConstU32<1024>;
	type MaxServedModels = ConstU32<65_536>;
	type WeightInfo = MarketWeights;
	type MaxDrawWeight = MaxDrawWeight;
	type OrderFee = OrderFee;
	// All that it may do is to forgive delayed slashes, which do not wait for a referendum.
	type GovernanceOrigin = EmergencyOrigin;
	type OperationalCalls = Officers;
	type HeaviestProof = HeaviestProof;
	type IdleReserve = IdleReserve;
	type StatementVersion = ConstU8<{ crate::versions::STATEMENT }>;
	type WeightToFee = super::transaction_payment::WeightToFee;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarking::Benchmarks;
}
