//! A chain without `sudo`, and what its people do: propose, vote, wait.

use super::super::{
	chain::{self, Chain},
	*,
};
use crate::{
	configs::{
		governance::{origins::pallet_origins::Origin, tracks::TrackId},
		technical_committee::TechnicalCollective,
	},
	layouts::metadata,
};
use codec::{Decode, Encode};
use frame_support::{
	dispatch::GetDispatchInfo,
	storage::with_transaction_unchecked,
	traits::{schedule::DispatchTime, Bounded},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_referenda::ReferendumIndex;
use scale_info::TypeDef;
use sp_core::traits::{Externalities, ReadRuntimeVersion, ReadRuntimeVersionExt};
use sp_keyring::Sr25519Keyring::{self, *};
use sp_runtime::{
	traits::{Dispatchable, Hash as _, TrailingZeroInput},
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError, DispatchResult, TransactionOutcome,
};

pub type CommitteeCall = pallet_collective::Call<Runtime, TechnicalCollective>;
pub type ReferendaCall = pallet_referenda::Call<Runtime>;
pub type VotingCall = pallet_conviction_voting::Call<Runtime>;
pub type WhitelistCall = pallet_whitelist::Call<Runtime>;

/// A token, planck.
pub const UNIT: Balance = inference_primitives::parameters::UNIT;
/// Who votes: with [`VOTE`] each, four of six equally rich accounts, enough for any track at once.
pub const VOTERS: [Sr25519Keyring; 4] = [Bob, Charlie, Dave, Eve];
/// What each votes with, planck.
pub const VOTE: Balance = 900_000 * UNIT;
/// Who proposes, and pays what is held for it.
pub const PROPOSER: Sr25519Keyring = Ferdie;

/// More blocks than a referendum of any track takes on a chain of this speed.
const LONGEST: u32 = 200;

/// Reads every code's version as one above this runtime's: what `set_code` asks for.
struct NextVersion;

impl ReadRuntimeVersion for NextVersion {
	fn read_runtime_version(
		&self,
		_code: &[u8],
		_ext: &mut dyn Externalities,
	) -> Result<Vec<u8>, String> {
		let mut version = VERSION;
		version.spec_version += 1;
		Ok(version.encode())
	}
}

/// The chain's blocks, one of which is being made, and all that happened so far.
pub struct Network {
	chain: Chain,
	pub events: Vec<RuntimeEvent>,
}

/// Runs a test on the development preset made into a chain that is not for development: production parameters, no
/// insecure setup, no key for `sudo`. Slots and the speed of governance stay the preset's.
pub fn on_a_network(test: impl FnOnce(Network)) {
	on_a_network_with(serde_json::json!({}), test);
}

/// As [`on_a_network`], with a change of the test's to the genesis.
pub fn on_a_network_with(change: serde_json::Value, test: impl FnOnce(Network)) {
	let setup = inference_verifier::Setup::perpetual_powers_of_tau().to_bytes();
	let mut live = serde_json::json!({
		"networkParameters": { "development": false, "parameters": null },
		"proofVerifier": { "setups": [setup.to_vec()] },
		"sudo": { "key": null },
	});
	merge(&mut live, change);
	let genesis = genesis_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into(), live);
	let mut externalities: sp_io::TestExternalities = genesis
		.build_storage()
		.expect("the genesis is valid")
		.into();
	externalities.register_extension(ReadRuntimeVersionExt::new(NextVersion));
	externalities.execute_with(|| {
		let mut network = Network {
			chain: Chain::new(),
			events: Vec::new(),
		};
		network.begin();
		test(network);
	});
}

impl Network {
	fn begin(&mut self) {
		self.chain.initialize();
		self.chain.apply_inherents();
	}

	/// Ends this block, and begins the next.
	pub fn next_block(&mut self) {
		self.chain.finalize();
		let events = System::read_events_no_consensus().map(|record| record.event);
		self.events.extend(events);
		self.begin();
	}

	/// Ends so many blocks.
	pub fn pass(&mut self, blocks: u32) {
		for _ in 0..blocks {
			self.next_block();
		}
	}

	/// Includes a transaction: in the next block if this one is full, as the first of a session is.
	pub fn send(&mut self, signer: Sr25519Keyring, call: impl Into<RuntimeCall>) -> DispatchResult {
		let call = call.into();
		let full = TransactionValidityError::from(InvalidTransaction::ExhaustsResources);
		let mut result = chain::apply(signer, call.clone());
		if result == Err(full) {
			self.next_block();
			result = chain::apply(signer, call.clone());
		}
		result.unwrap_or_else(|error| panic!("{signer:?}'s {call:.200?} is not valid: {error:?}"))
	}

	/// Opens a referendum: stores the call, submits it to the origin's track, and places the decision deposit.
	pub fn propose(
		&mut self,
		origin: impl Into<OriginCaller>,
		call: impl Into<RuntimeCall>,
	) -> ReferendumIndex {
		let bytes = call.into().encode();
		let proposal = Bounded::Lookup {
			hash: BlakeTwo256::hash(&bytes),
			len: u32::try_from(bytes.len()).expect("a short call"),
		};
		let note = pallet_preimage::Call::<Runtime>::note_preimage { bytes };
		assert_eq!(self.send(PROPOSER, note), Ok(()));
		let index = pallet_referenda::ReferendumCount::<Runtime>::get();
		let submit = ReferendaCall::submit {
			proposal_origin: Box::new(origin.into()),
			proposal,
			enactment_moment: DispatchTime::After(0),
		};
		assert_eq!(self.send(PROPOSER, submit), Ok(()));
		let deposit = ReferendaCall::place_decision_deposit { index };
		assert_eq!(self.send(PROPOSER, deposit), Ok(()));
		index
	}

	/// Votes for or against a referendum.
	pub fn vote(
		&mut self,
		voter: Sr25519Keyring,
		poll_index: ReferendumIndex,
		aye: bool,
		balance: Balance,
	) -> DispatchResult {
		let conviction = Conviction::Locked1x;
		let vote = AccountVote::Standard {
			vote: Vote { aye, conviction },
			balance,
		};
		self.send(voter, VotingCall::vote { poll_index, vote })
	}

	/// Lets these vote aye.
	pub fn approve(&mut self, index: ReferendumIndex, voters: &[Sr25519Keyring]) {
		for voter in voters {
			assert_eq!(self.vote(*voter, index, true, VOTE), Ok(()));
		}
	}

	/// What the enactment of a referendum came to, once it was.
	pub fn enacted(&self, index: ReferendumIndex) -> Option<DispatchResult> {
		let name = enactment(index);
		self.events.iter().find_map(|event| match event {
			RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched {
				id: Some(id),
				result,
				..
			}) if *id == name => Some(*result),
			RuntimeEvent::Scheduler(
				pallet_scheduler::Event::PermanentlyOverweight { id: Some(id), .. }
				| pallet_scheduler::Event::CallUnavailable { id: Some(id), .. },
			) if *id == name => panic!("referendum {index} cannot be enacted: {event:?}"),
			_ => None,
		})
	}

	/// Whether a referendum was rejected.
	pub fn rejected(&self, index: ReferendumIndex) -> bool {
		self.events.iter().any(|event| {
			matches!(
				event,
				RuntimeEvent::Referenda(pallet_referenda::Event::Rejected { index: rejected, .. })
					if *rejected == index
			)
		})
	}

	/// Waits for what a referendum enacts.
	pub fn enact(&mut self, index: ReferendumIndex) -> DispatchResult {
		for _ in 0..LONGEST {
			if let Some(result) = self.enacted(index) {
				return result;
			}
			assert!(!self.rejected(index), "referendum {index} was rejected");
			self.next_block();
		}
		panic!("nothing came of referendum {index}");
	}

	/// A whole referendum that almost everybody approves.
	pub fn decide(
		&mut self,
		origin: impl Into<OriginCaller>,
		call: impl Into<RuntimeCall>,
	) -> DispatchResult {
		let index = self.propose(origin, call);
		self.approve(index, &VOTERS);
		self.enact(index)
	}

	/// A motion of the committee: the first proposes, all of them vote for it, and the first closes it. What it
	/// came to, if it was carried.
	pub fn motion(
		&mut self,
		members: &[Sr25519Keyring],
		threshold: u32,
		call: impl Into<RuntimeCall>,
	) -> Option<DispatchResult> {
		let call = call.into();
		let proposal_hash = BlakeTwo256::hash_of(&call);
		let length_bound = u32::try_from(call.encoded_size()).expect("a short call") + 4;
		let proposal_weight_bound = call.get_dispatch_info().call_weight;
		let index = pallet_collective::ProposalCount::<Runtime, TechnicalCollective>::get();
		let propose = CommitteeCall::propose {
			threshold,
			proposal: Box::new(call),
			length_bound,
		};
		assert_eq!(self.send(members[0], propose), Ok(()));
		// With less than two the proposal is executed at once.
		if threshold >= 2 {
			for member in members {
				let vote = CommitteeCall::vote {
					proposal: proposal_hash,
					index,
					approve: true,
				};
				assert_eq!(self.send(*member, vote), Ok(()));
			}
			let close = CommitteeCall::close {
				proposal_hash,
				index,
				proposal_weight_bound,
				length_bound,
			};
			if let Err(error) = self.send(members[0], close) {
				type Error = pallet_collective::Error<Runtime, TechnicalCollective>;
				assert_eq!(error, Error::TooEarly.into());
				return None;
			}
		}
		// The last: the committee may have moved the same before.
		let executed = System::read_events_no_consensus().filter_map(|record| match record.event {
			RuntimeEvent::TechnicalCommittee(pallet_collective::Event::Executed {
				proposal_hash: executed,
				result,
			}) if executed == proposal_hash => Some(result),
			_ => None,
		});
		executed.last()
	}
}

/// The name under which a referendum's call is scheduled.
pub fn enactment(index: ReferendumIndex) -> [u8; 32] {
	(*b"assembly", "enactment", index).using_encoded(sp_io::hashing::blake2_256)
}

/// Root, as an origin of referenda.
pub fn root() -> OriginCaller {
	frame_system::RawOrigin::<AccountId>::Root.into()
}

/// A call that root alone can make, and whose effect is seen.
pub fn mark(value: &[u8]) -> RuntimeCall {
	SystemCall::<Runtime>::set_storage {
		items: vec![(MARK.to_vec(), value.to_vec())],
	}
	.into()
}

/// Where [`mark`] stores its value.
pub const MARK: &[u8] = b"governance was here";

/// The value that [`mark`] stored last.
pub fn marked() -> Option<Vec<u8>> {
	sp_io::storage::get(MARK).map(|value| value.to_vec())
}

/// All calls: their names as metadata has them, `Pallet.call`, and each with arguments of zeroes.
pub fn all_calls() -> Vec<(String, RuntimeCall)> {
	let metadata = metadata();
	let mut found = Vec::new();
	for pallet in &metadata.pallets {
		let Some(calls) = &pallet.calls else {
			continue;
		};
		let calls = metadata
			.types
			.resolve(calls.ty.id)
			.expect("metadata is complete");
		let TypeDef::Variant(calls) = &calls.type_def else {
			panic!("{}'s calls are no enumeration", pallet.name);
		};
		for call in &calls.variants {
			let name = format!("{}.{}", pallet.name, call.name);
			let call = call_of(&name, pallet.index, call.index);
			found.push((name, call));
		}
	}
	found
}

/// The call with these indices. Zeroes are arguments to nearly all: empty lists, first variants, no money.
fn call_of(name: &str, pallet: u8, call: u8) -> RuntimeCall {
	match name {
		// Its only variant is not the first, and nothing is to change.
		"Babe.plan_config_change" => pallet_babe::Call::<Runtime>::plan_config_change {
			config: sp_consensus_babe::digests::NextConfigDescriptor::V1 {
				c: (1, 4),
				allowed_slots: sp_consensus_babe::AllowedSlots::PrimaryAndSecondaryVRFSlots,
			},
		}
		.into(),
		// An empty prefix is all of the state's.
		"System.kill_prefix" => SystemCall::<Runtime>::kill_prefix {
			prefix: b"nothing begins like this".to_vec(),
			subkeys: 1,
		}
		.into(),
		_ => RuntimeCall::decode(&mut TrailingZeroInput::new(&[pallet, call]))
			.unwrap_or_else(|error| panic!("{name} needs arguments here: {error}")),
	}
}

/// The call of this name, with arguments of zeroes.
pub fn call_named(name: &str) -> RuntimeCall {
	let found = all_calls().into_iter().find(|(known, _)| known == name);
	found.unwrap_or_else(|| panic!("there is no {name}")).1
}

/// What a call would come to. It is undone.
pub fn attempt(origin: RuntimeOrigin, call: RuntimeCall) -> DispatchResult {
	with_transaction_unchecked(|| {
		let result = call.dispatch(origin);
		TransactionOutcome::Rollback(result.map(|_| ()).map_err(|refusal| refusal.error))
	})
}

/// What a call comes to that is paused, or that nobody may make on this chain.
pub fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

/// The origins of all tracks but root's.
pub fn origins() -> [(TrackId, Origin); 4] {
	use crate::configs::governance::tracks::*;
	[
		(WHITELISTED_CALLER, Origin::WhitelistedCaller),
		(PARAMETERS, Origin::Parameters),
		(SMALL_SPENDER, Origin::SmallSpender),
		(BIG_SPENDER, Origin::BigSpender),
	]
}
