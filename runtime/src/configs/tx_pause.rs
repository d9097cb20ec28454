//! `pallet-tx-pause`: refuses calls by name while they are paused, for the time that a fault takes to repair.
//!
//! **The rule.** A pause may keep people from beginning something; it may not keep them from what they owe, from
//! what they are owed, or from deciding. So these can never be paused ([`UNPAUSABLE`]):
//! 1. what nobody signs: inherents, reports of equivocations, the code of an authorised upgrade. The filter holds
//!    for inherents too: without the timestamp's, no block could be made;
//! 2. what a worker, an operator or a validator must do by a deadline, or be slashed: deliver, prove, decline, pause,
//!    leave, give a node or a validator other keys;
//! 3. what gives people their money back: cancelling, expiring, claiming, pruning, releasing keys, removing models,
//!    unbonding, withdrawing, vesting, names and deposits;
//! 4. governance, all of it, our pallets' calls for it included;
//! 5. the only ways in for some accounts: multisig, proxy, derivatives. What they dispatch is filtered itself.
//!
//! Root passes every filter. A paused call is refused with `System::CallFiltered`; its transaction pays its fee.

use super::governance::origins::EmergencyOrigin;
use crate::{NetworkParameters, Runtime, RuntimeCall, RuntimeEvent, TxPause};
use frame_support::traits::{ConstU32, Contains, InsideBoth};
use inference_primitives::traits::Network;
use pallet_tx_pause::RuntimeCallNameOf;

/// Which calls of a pallet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calls {
	/// All, those too that a later version adds.
	All,
	/// Those of these names.
	Only(&'static [&'static str]),
}

/// What cannot be paused: pallets and their calls, by the names that metadata has. `tests/governance/pausing.rs` checks that
/// each exists, and that each call of our pallets is either here or known to be pausable.
pub const UNPAUSABLE: &[(&str, Calls)] = &[
	// 1
	("Timestamp", Calls::All),
	("Babe", Calls::All),
	("Grandpa", Calls::All),
	("System", Calls::Only(&["apply_authorized_upgrade"])),
	// 1 and 4
	("NetworkParameters", Calls::All),
	// 2 and 3, and the brakes of 4
	(
		"InferenceMarket",
		Calls::Only(&[
			"deliver",
			"prove",
			"relay_proof",
			"decline",
			"cancel",
			"expire",
			"claim",
			"prune",
			"forgive_delayed_slashes",
		]),
	),
	(
		"NodePool",
		Calls::Only(&[
			"set_capacity",
			"leave_model",
			"deregister_node",
			"set_worker",
			"pause",
		]),
	),
	("WorkerStaking", Calls::Only(&["unbond", "withdraw"])),
	("ModelRegistry", Calls::Only(&["retire", "remove"])),
	(
		"ProofVerifier",
		Calls::Only(&[
			"approve_setup",
			"revoke_setup",
			"set_end_of_life",
			"disable",
			"release_key",
		]),
	),
	(
		"Staking",
		Calls::Only(&[
			"unbond",
			"withdraw_unbonded",
			"chill",
			"payout_stakers",
			"payout_stakers_by_page",
			"reap_stash",
			"restore_ledger",
			"migrate_currency",
		]),
	),
	("Session", Calls::Only(&["set_keys", "purge_keys"])),
	("Vesting", Calls::Only(&["vest", "vest_other"])),
	(
		"Identity",
		Calls::Only(&[
			"clear_identity",
			"cancel_request",
			"remove_sub",
			"quit_sub",
			"remove_expired_approval",
			"remove_username",
		]),
	),
	// 4
	("Preimage", Calls::All),
	("Scheduler", Calls::All),
	("Referenda", Calls::All),
	("ConvictionVoting", Calls::All),
	("Whitelist", Calls::All),
	("TechnicalCommittee", Calls::All),
	("Treasury", Calls::All),
	("TxPause", Calls::All),
	// 5
	("Multisig", Calls::All),
	("Proxy", Calls::All),
	("Utility", Calls::Only(&["as_derivative"])),
];

/// Whether a call can never be paused.
pub fn is_unpausable(pallet: &[u8], call: &[u8]) -> bool {
	UNPAUSABLE.iter().any(|(name, calls)| {
		name.as_bytes() == pallet
			&& match calls {
				Calls::All => true,
				Calls::Only(names) => names.iter().any(|name| name.as_bytes() == call),
			}
	})
}

/// What cannot be paused.
pub struct Unpausable;
impl Contains<RuntimeCallNameOf<Runtime>> for Unpausable {
	fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
		is_unpausable(pallet, call)
	}
}

/// Refuses `sudo` on a chain that is not for development: there it has no key by its genesis, and would not work
/// if it had one.
pub struct SudoInDevelopment;
impl Contains<RuntimeCall> for SudoInDevelopment {
	fn contains(call: &RuntimeCall) -> bool {
		!matches!(call, RuntimeCall::Sudo(_)) || NetworkParameters::is_development()
	}
}

/// Refuses reports of equivocations that somebody signed. They cost no fee, weigh much, and are each another for
/// another round, as many as the offender signs. Nodes report without a signer, by what only authors include.
pub struct ReportsByAuthors;
impl Contains<RuntimeCall> for ReportsByAuthors {
	fn contains(call: &RuntimeCall) -> bool {
		!matches!(
			call,
			RuntimeCall::Babe(pallet_babe::Call::report_equivocation { .. })
				| RuntimeCall::Grandpa(pallet_grandpa::Call::report_equivocation { .. })
		)
	}
}

/// Which calls are dispatched, but for root's.
pub type CallFilter = InsideBoth<InsideBoth<SudoInDevelopment, ReportsByAuthors>, TxPause>;

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PauseOrigin = EmergencyOrigin;
	type UnpauseOrigin = EmergencyOrigin;
	type WhitelistedCalls = Unpausable;
	/// Bytes of a name, more than any has: what is longer counts as paused.
	type MaxNameLen = ConstU32<256>;
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}
