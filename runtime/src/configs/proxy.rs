//! `pallet-proxy`: accounts that act for others, within what each was trusted with.

use super::governance::{deposit, DEPOSIT_PER_BYTE};
use crate::{Balance, Balances, Runtime, RuntimeCall, RuntimeEvent, System};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::{ConstU128, ConstU32, InstanceFilter};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

/// The entry of an account's proxies, with its deposit, planck.
const DEPOSIT_BASE: Balance = deposit(1, 17);
/// A proxy in it: account, kind, delay; planck.
const DEPOSIT_FACTOR: Balance = 37 * DEPOSIT_PER_BYTE;
/// The entry of a proxy's announcements, with its deposit, planck.
const ANNOUNCEMENT_DEPOSIT_BASE: Balance = deposit(1, 17);
/// An announcement in it: account, hash, block; planck.
const ANNOUNCEMENT_DEPOSIT_FACTOR: Balance = 68 * DEPOSIT_PER_BYTE;

/// What a proxy may do. Part of transactions and state: add at the end, never reorder.
///
/// Operational calls (deliveries, proofs, motions of the committee) are nobody's to make for another: their
/// transactions are admitted from the worker or the member only.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProxyType {
	/// All that the account may.
	#[default]
	Any,
	/// Nothing that gives tokens away, at once or by what follows from it: votes, and of all else what ends something or
	/// takes back what is due. Nor what acts as yet another account that the account may act for, whose
	/// tokens no kind here protects.
	NonTransfer,
	/// Vote, delegate, propose.
	Governance,
	/// Validators' and nominators' affairs. Whoever has this can have what is staked slashed, by keys of its own, and a tenth
	/// of the slash is the reporter's.
	Staking,
	/// An operator's nodes and bond. **Whoever has this may take all that the account can bond**: it bonds it, gives a
	/// node a key of its own, and has itself paid for false outputs out of the stake.
	Operator,
}

/// What puts no tokens at risk, as it ends something, or takes back what is due. Who may bond or stake, name keys or resume
/// work can have the stake slashed in its own favour; who may register spends the fee; a sub-identity's deposit is the
/// sub-account's.
fn only_ends(call: &RuntimeCall) -> bool {
	use pallet_identity::Call as Identity;
	use pallet_inference_market::Call as Market;
	use pallet_model_registry::Call as Models;
	use pallet_node_pool::Call as Nodes;
	use pallet_proof_verifier::Call as Proofs;
	use pallet_staking::Call as Validators;
	use pallet_worker_staking::Call as Stakes;
	match call {
		RuntimeCall::WorkerStaking(call) => {
			matches!(call, Stakes::unbond { .. } | Stakes::withdraw { .. })
		},
		RuntimeCall::NodePool(call) => matches!(
			call,
			Nodes::leave_model { .. } | Nodes::deregister_node { .. } | Nodes::pause { .. }
		),
		RuntimeCall::InferenceMarket(call) => matches!(
			call,
			Market::claim { .. }
				| Market::expire { .. }
				| Market::prune { .. }
				| Market::cancel { .. }
		),
		RuntimeCall::ModelRegistry(call) => matches!(
			call,
			Models::activate { .. }
				| Models::deprecate { .. }
				| Models::retire { .. }
				| Models::remove { .. }
		),
		RuntimeCall::ProofVerifier(call) => matches!(call, Proofs::release_key { .. }),
		RuntimeCall::Staking(call) => matches!(
			call,
			Validators::chill { .. }
				| Validators::unbond { .. }
				| Validators::rebond { .. }
				| Validators::withdraw_unbonded { .. }
				| Validators::payout_stakers { .. }
				| Validators::payout_stakers_by_page { .. }
		),
		RuntimeCall::Session(call) => matches!(call, pallet_session::Call::purge_keys { .. }),
		RuntimeCall::Identity(call) => matches!(
			call,
			Identity::set_identity { .. }
				| Identity::clear_identity { .. }
				| Identity::cancel_request { .. }
				| Identity::remove_sub { .. }
				| Identity::rename_sub { .. }
				| Identity::quit_sub { .. }
		),
		RuntimeCall::Vesting(call) => {
			matches!(
				call,
				pallet_vesting::Call::vest { .. } | pallet_vesting::Call::vest_other { .. }
			)
		},
		_ => false,
	}
}

/// Whether a call acts, at once or later, for an account that its maker is the proxy of: with that account's origin,
/// which forgets what the maker's own proxy may do.
fn acts_for_another(call: &pallet_proxy::Call<Runtime>) -> bool {
	use pallet_proxy::Call;
	matches!(
		call,
		Call::proxy { .. } | Call::announce { .. } | Call::proxy_announced { .. }
	)
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		// The calls in a batch pass the filter one by one.
		if matches!(call, RuntimeCall::Utility(_)) {
			return true;
		}
		match self {
			Self::Any => true,
			Self::NonTransfer => {
				Self::Governance.filter(call)
					|| only_ends(call)
					|| matches!(call, RuntimeCall::Proxy(proxy) if !acts_for_another(proxy))
			},
			Self::Governance => matches!(
				call,
				RuntimeCall::Referenda(_)
					| RuntimeCall::ConvictionVoting(_)
					| RuntimeCall::Preimage(_)
					| RuntimeCall::Whitelist(_)
					| RuntimeCall::Treasury(_)
			),
			Self::Staking => matches!(
				call,
				RuntimeCall::Staking(_) | RuntimeCall::Session(_) | RuntimeCall::VoterList(_)
			),
			Self::Operator => matches!(
				call,
				RuntimeCall::WorkerStaking(_)
					| RuntimeCall::NodePool(_)
					| RuntimeCall::InferenceMarket(pallet_inference_market::Call::claim { .. })
					| RuntimeCall::InferenceMarket(pallet_inference_market::Call::expire { .. })
					| RuntimeCall::InferenceMarket(pallet_inference_market::Call::prune { .. })
			),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(one, two) if one == two => true,
			(Self::Any, _) => true,
			(Self::NonTransfer, other) => *other == Self::Governance,
			_ => false,
		}
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ConstU128<DEPOSIT_BASE>;
	type ProxyDepositFactor = ConstU128<DEPOSIT_FACTOR>;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = ConstU128<ANNOUNCEMENT_DEPOSIT_BASE>;
	type AnnouncementDepositFactor = ConstU128<ANNOUNCEMENT_DEPOSIT_FACTOR>;
	type BlockNumberProvider = System;
}
