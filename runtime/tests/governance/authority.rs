//! Who may do what: which calls are governance's, that root reaches each of them by referendum, that the other
//! tracks reach theirs and no more, and that nobody has `sudo`.

use super::{network::*, pausing::pause};
use crate::{
	chain_of, configs::governance::origins::pallet_origins::Origin, Executive, NetworkParameters,
	OriginCaller, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, Scheduler, SystemCall,
	TechnicalCommittee, UncheckedExtrinsic, UtilityCall,
};
use frame_support::traits::Contains;
use inference_primitives::{
	traits::Network as _, ParametersError, ProofSystem, ProtocolParameters, Ticks,
};
use inference_verifier::Setup;
use pallet_proof_verifier::Subject;
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	DispatchError,
};
use std::collections::BTreeSet;

/// The calls that an account cannot make for itself: root's, and those that other origins of governance share with
/// it. A new one belongs here, and in docs/GOVERNANCE.md if another origin than root has it.
const GOVERNED: &[&str] = &[
	"System.set_heap_pages",
	"System.set_code",
	"System.set_code_without_checks",
	"System.set_storage",
	"System.kill_storage",
	"System.kill_prefix",
	"System.authorize_upgrade",
	"System.authorize_upgrade_without_checks",
	"NetworkParameters.set_parameters",
	"NetworkParameters.set_serving",
	"Babe.plan_config_change",
	"Balances.force_transfer",
	"Balances.force_unreserve",
	"Balances.force_set_balance",
	"Balances.force_adjust_total_issuance",
	"Staking.set_validator_count",
	"Staking.increase_validator_count",
	"Staking.scale_validator_count",
	"Staking.force_no_eras",
	"Staking.force_new_era",
	"Staking.set_invulnerables",
	"Staking.force_unstake",
	"Staking.force_new_era_always",
	"Staking.cancel_deferred_slash",
	"Staking.set_staking_configs",
	"Staking.set_min_commission",
	"Staking.deprecate_controller_batch",
	"Staking.restore_ledger",
	"Staking.manual_slash",
	"Grandpa.note_stalled",
	"Utility.dispatch_as",
	"Utility.with_weight",
	"Utility.dispatch_as_fallible",
	"MultiBlockMigrations.force_set_cursor",
	"MultiBlockMigrations.force_set_active_cursor",
	"MultiBlockMigrations.force_onboard_mbms",
	"MultiBlockMigrations.clear_historic",
	"ProofVerifier.approve_setup",
	"ProofVerifier.revoke_setup",
	"ProofVerifier.set_end_of_life",
	"ProofVerifier.disable",
	"InferenceMarket.forgive_delayed_slashes",
	"Preimage.request_preimage",
	"Preimage.unrequest_preimage",
	"Scheduler.schedule",
	"Scheduler.cancel",
	"Scheduler.schedule_named",
	"Scheduler.cancel_named",
	"Scheduler.schedule_after",
	"Scheduler.schedule_named_after",
	"Scheduler.set_retry",
	"Scheduler.set_retry_named",
	"Scheduler.cancel_retry",
	"Scheduler.cancel_retry_named",
	"Referenda.cancel",
	"Referenda.kill",
	"Referenda.nudge_referendum",
	"Referenda.one_fewer_deciding",
	"Whitelist.whitelist_call",
	"Whitelist.remove_whitelisted_call",
	"TechnicalCommittee.set_members",
	"TechnicalCommittee.disapprove_proposal",
	"TechnicalCommittee.kill",
	"Treasury.spend_local",
	"Treasury.remove_approval",
	"Treasury.spend",
	"Treasury.void_spend",
	"TxPause.pause",
	"TxPause.unpause",
	"Identity.add_registrar",
	"Identity.remove_registrar",
	"Identity.kill_identity",
	"Identity.add_username_authority",
	"Identity.remove_username_authority",
	"Identity.kill_username",
	"Vesting.force_vested_transfer",
	"Vesting.force_remove_vesting_schedule",
];

/// What blocks' authors include, and what nobody signs.
const UNSIGNED: &[&str] = &[
	"Timestamp.set",
	"NetworkParameters.report_finality",
	"Babe.report_equivocation_unsigned",
	"Grandpa.report_equivocation_unsigned",
];

fn names(list: &[&str]) -> BTreeSet<String> {
	list.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn calls_that_only_governance_can_make_are_known() {
	on_a_network(|_| {
		let (mut refused, mut off) = (BTreeSet::new(), BTreeSet::new());
		for (name, call) in all_calls() {
			let signed = RuntimeOrigin::signed(Eve.to_account_id());
			match attempt(signed, call) {
				Err(DispatchError::BadOrigin) => refused.insert(name),
				Err(error) if error == filtered() => off.insert(name),
				_ => false,
			};
		}
		let known = &names(GOVERNED) | &names(UNSIGNED);
		let unknown: Vec<_> = refused.difference(&known).collect();
		assert!(unknown.is_empty(), "decide whose these are: {unknown:?}");
		let open: Vec<_> = known.difference(&refused).collect();
		assert!(open.is_empty(), "anyone can make these now: {open:?}");
		// And what nobody can at all: `sudo`, and to sign a report that nodes make without a signer.
		let (sudo, others): (Vec<_>, Vec<_>) =
			off.iter().partition(|name| name.starts_with("Sudo."));
		assert!(!sudo.is_empty());
		assert_eq!(
			others,
			["Babe.report_equivocation", "Grandpa.report_equivocation"]
		);
	});
}

#[test]
fn root_reaches_every_call_of_governance_by_referendum() {
	on_a_network(|mut network| {
		let calls: Vec<_> = all_calls()
			.into_iter()
			.filter(|(name, _)| GOVERNED.contains(&&name[..]))
			.collect();
		assert_eq!(calls.len(), GOVERNED.len());
		let batch = UtilityCall::<Runtime>::force_batch {
			calls: calls.iter().map(|(_, call)| call.clone()).collect(),
		};
		assert_eq!(network.decide(root(), batch), Ok(()));
		let results: Vec<_> = network
			.events
			.iter()
			.filter_map(|event| match event {
				RuntimeEvent::Utility(pallet_utility::Event::ItemCompleted) => Some(Ok(())),
				RuntimeEvent::Utility(pallet_utility::Event::ItemFailed { error }) => {
					Some(Err(*error))
				},
				_ => None,
			})
			.collect();
		assert_eq!(results.len(), calls.len(), "{results:?}");
		for ((name, _), result) in calls.iter().zip(&results) {
			// With arguments of zeroes some can do nothing; none is refused for who makes it.
			assert_ne!(*result, Err(DispatchError::BadOrigin), "{name}");
			assert_ne!(*result, Err(filtered()), "{name}");
		}
		// And many did something.
		let done = results.iter().filter(|result| result.is_ok()).count();
		assert!(done >= GOVERNED.len() / 3, "{done} of {}", GOVERNED.len());
	});
}

#[test]
fn root_replaces_the_runtime_by_referendum() {
	on_a_network(|mut network| {
		// As large as a runtime: more than fits the referendum itself.
		let code = vec![0x5a; 1_200_000];
		let set_code = SystemCall::<Runtime>::set_code { code: code.clone() };
		assert_eq!(network.decide(root(), set_code), Ok(()));
		assert_eq!(
			sp_io::storage::get(b":code").map(|found| found.to_vec()),
			Some(code)
		);
	});
}

#[test]
fn anyone_delivers_the_code_that_a_referendum_authorised() {
	on_a_network(|mut network| {
		let code = vec![0x5a; 100_000];
		let apply = SystemCall::<Runtime>::apply_authorized_upgrade { code: code.clone() };
		let bare = || UncheckedExtrinsic::new_bare(apply.clone().into());
		assert!(Executive::apply_extrinsic(bare()) != Ok(Ok(())));
		let code_hash = BlakeTwo256::hash(&code);
		let authorize = SystemCall::<Runtime>::authorize_upgrade { code_hash };
		assert_eq!(network.decide(root(), authorize), Ok(()));
		// Nobody signs it, so nobody must have tokens, or be allowed operational transactions.
		assert_eq!(Executive::apply_extrinsic(bare()), Ok(Ok(())));
		assert_eq!(
			sp_io::storage::get(b":code").map(|found| found.to_vec()),
			Some(code)
		);
	});
}

#[test]
fn the_parameters_track_sets_parameters_setups_and_systems() {
	on_a_network(|mut network| {
		let before = NetworkParameters::parameters();
		let parameters = ProtocolParameters {
			deposit_per_byte: before.deposit_per_byte + 1,
			..before
		};
		let set = pallet_network_parameters::Call::<Runtime>::set_parameters { parameters };
		assert_eq!(network.decide(Origin::Parameters, set), Ok(()));
		assert_eq!(NetworkParameters::parameters(), parameters);
		// No majority makes what breaks an inequality right.
		let parameters = ProtocolParameters {
			node_epoch: 1,
			..before
		};
		let set = pallet_network_parameters::Call::<Runtime>::set_parameters { parameters };
		let broken = ParametersError::EpochTooShort;
		assert_eq!(
			network.decide(Origin::Parameters, set),
			Err(pallet_network_parameters::Error::<Runtime>::InvalidParameters(broken).into())
		);
		let subject = Subject::System(ProofSystem::Halo2);
		// Notice, and what the vote takes.
		let notice = Ticks(NetworkParameters::parameters().unbonding.0 + 1_000);
		let end_of_life = Some(NetworkParameters::now().after(notice));
		let set = pallet_proof_verifier::Call::<Runtime>::set_end_of_life {
			subject,
			end_of_life,
		};
		assert_eq!(network.decide(Origin::Parameters, set), Ok(()));
		let system = pallet_proof_verifier::Systems::<Runtime>::get(ProofSystem::Halo2);
		assert_eq!(system.and_then(|record| record.end_of_life), end_of_life);
		let setup = Setup::perpetual_powers_of_tau();
		let approved = || pallet_proof_verifier::Setups::<Runtime>::contains_key(setup.id());
		let revoke = pallet_proof_verifier::Call::<Runtime>::revoke_setup { setup: setup.id() };
		assert_eq!(network.decide(Origin::Parameters, revoke), Ok(()));
		assert!(!approved());
		let bytes = setup.to_bytes().to_vec();
		let approve = pallet_proof_verifier::Call::<Runtime>::approve_setup {
			setup: bytes.try_into().expect("a setup's bytes"),
		};
		assert_eq!(network.decide(Origin::Parameters, approve), Ok(()));
		assert!(approved());
	});
}

#[test]
fn a_track_does_not_do_what_is_anothers() {
	on_a_network(|mut network| {
		let parameters = NetworkParameters::parameters();
		let set_parameters = || -> RuntimeCall {
			pallet_network_parameters::Call::<Runtime>::set_parameters { parameters }.into()
		};
		let spend = || -> RuntimeCall {
			pallet_treasury::Call::<Runtime>::spend {
				asset_kind: Box::new(()),
				amount: UNIT,
				beneficiary: Box::new(Ferdie.to_account_id()),
				valid_from: None,
			}
			.into()
		};
		let disable = || -> RuntimeCall {
			let subject = Subject::System(ProofSystem::Halo2);
			pallet_proof_verifier::Call::<Runtime>::disable { subject }.into()
		};
		let wrong: [(Origin, RuntimeCall); 10] = [
			(Origin::Parameters, mark(b"parameters")),
			(Origin::Parameters, spend()),
			(Origin::Parameters, disable()),
			(Origin::SmallSpender, mark(b"small")),
			(Origin::SmallSpender, set_parameters()),
			(Origin::BigSpender, mark(b"big")),
			(Origin::BigSpender, set_parameters()),
			// What is whitelisted is dispatched by its pallet alone.
			(Origin::WhitelistedCaller, mark(b"whitelisted")),
			(Origin::WhitelistedCaller, set_parameters()),
			(Origin::WhitelistedCaller, spend()),
		];
		for (origin, call) in wrong {
			let made = RuntimeOrigin::from(OriginCaller::from(origin));
			assert_eq!(
				attempt(made, call.clone()),
				Err(DispatchError::BadOrigin),
				"{origin:?}: {call:?}"
			);
		}
		// The same by a referendum that nearly all voted for.
		let call = mark(b"parameters");
		assert_eq!(
			network.decide(Origin::Parameters, call),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(marked(), None);
	});
}

#[test]
fn the_committee_and_a_short_referendum_act_as_root_together_and_neither_alone() {
	on_a_network(|mut network| {
		let whitelist = |call: &RuntimeCall| WhitelistCall::whitelist_call {
			call_hash: BlakeTwo256::hash_of(call),
		};
		let dispatch =
			|call: &RuntimeCall| WhitelistCall::dispatch_whitelisted_call_with_preimage {
				call: Box::new(call.clone()),
			};
		// An eighth of the tokens. Root's own track wants half of them at once.
		let few = |network: &mut Network, call: WhitelistCall| {
			let index = network.propose(Origin::WhitelistedCaller, call);
			assert_eq!(network.vote(Bob, index, true, 800_000 * UNIT), Ok(()));
			network.enact(index)
		};

		// The committee alone: its whitelist does nothing.
		let call = mark(b"both");
		assert_eq!(network.motion(&[Alice], 1, whitelist(&call)), Some(Ok(())));
		network.pass(5);
		assert_eq!(marked(), None);
		assert_eq!(
			network.send(Ferdie, dispatch(&call)),
			Err(pallet_whitelist::Error::<Runtime>::DeferredDispatchNotFound.into())
		);
		// With the referendum, it is done.
		assert_eq!(few(&mut network, dispatch(&call)), Ok(()));
		assert_eq!(marked(), Some(b"both".to_vec()));
		assert!(!pallet_whitelist::WhitelistedCall::<Runtime>::contains_key(
			BlakeTwo256::hash_of(&call)
		));

		// The referendum alone waits for the committee. Whoever wants it done then does it.
		let call = mark(b"later");
		assert_eq!(few(&mut network, dispatch(&call)), Ok(()));
		assert_eq!(marked(), Some(b"both".to_vec()));
		assert_eq!(
			network.send(Ferdie, dispatch(&call)),
			Err(pallet_whitelist::Error::<Runtime>::CallIsNotWhitelisted.into())
		);
		assert_eq!(network.motion(&[Alice], 1, whitelist(&call)), Some(Ok(())));
		assert_eq!(network.send(Ferdie, dispatch(&call)), Ok(()));
		assert_eq!(marked(), Some(b"later".to_vec()));
	});
}

#[test]
fn two_thirds_of_the_committee_pull_the_brakes_and_do_nothing_else() {
	let members = [Alice, Bob, Charlie].map(|key| key.to_account_id());
	let change = serde_json::json!({ "technicalCommittee": { "members": members } });
	on_a_network_with(change, |mut network| {
		let serve = |serving| pallet_network_parameters::Call::<Runtime>::set_serving { serving };
		// One of three: neither what it executes at once, nor a motion of two.
		assert_eq!(
			network.motion(&[Alice], 1, serve(false)),
			Some(Err(DispatchError::BadOrigin))
		);
		assert_eq!(network.motion(&[Bob], 2, serve(false)), None);
		assert!(NetworkParameters::is_serving());
		// Two of three: calls are paused, the clock is stopped and started, what is broken is disabled.
		let pause = pause("Identity", "set_identity");
		assert_eq!(network.motion(&[Alice, Bob], 2, pause), Some(Ok(())));
		let stop = UtilityCall::<Runtime>::batch_all {
			calls: vec![serve(false).into()],
		};
		assert_eq!(network.motion(&[Alice, Charlie], 2, stop), Some(Ok(())));
		assert!(!NetworkParameters::is_serving());
		assert_eq!(
			network.motion(&[Alice, Charlie, Bob], 3, serve(true)),
			Some(Ok(()))
		);
		assert!(NetworkParameters::is_serving());
		let disable = pallet_proof_verifier::Call::<Runtime>::disable {
			subject: Subject::System(ProofSystem::Ezkl),
		};
		assert_eq!(network.motion(&[Bob, Charlie], 2, disable), Some(Ok(())));

		let bad = Some(Err(DispatchError::BadOrigin));
		let all = [Alice, Bob, Charlie];
		let parameters = NetworkParameters::parameters();
		let set = pallet_network_parameters::Call::<Runtime>::set_parameters { parameters };
		assert_eq!(network.motion(&all, 3, set), bad);
		assert_eq!(network.motion(&all, 3, mark(b"committee")), bad);
		assert_eq!(
			network.motion(&all, 3, ReferendaCall::cancel { index: 0 }),
			bad
		);
		let elect = CommitteeCall::set_members {
			new_members: Vec::new(),
			prime: None,
			old_count: 3,
		};
		assert_eq!(network.motion(&all, 3, elect.clone()), bad);
		// Token holders elect it.
		assert_eq!(network.decide(root(), elect), Ok(()));
		for member in all {
			assert!(!TechnicalCommittee::is_member(&member.to_account_id()));
		}
	});
}

#[test]
fn root_cancels_what_another_track_decided_before_it_is_enacted() {
	on_a_network(|mut network| {
		let before = NetworkParameters::parameters();
		let parameters = ProtocolParameters {
			deposit_per_byte: before.deposit_per_byte + 1,
			..before
		};
		let set = pallet_network_parameters::Call::<Runtime>::set_parameters { parameters };
		let index = network.propose(Origin::Parameters, set);
		network.approve(index, &VOTERS);
		let id = enactment(index);
		for _ in 0..50 {
			if pallet_scheduler::Lookup::<Runtime>::contains_key(id) {
				break;
			}
			network.next_block();
		}
		let origin = || RuntimeOrigin::from(OriginCaller::from(Origin::Parameters));
		assert_eq!(
			attempt(
				origin(),
				pallet_scheduler::Call::<Runtime>::cancel_named { id }.into()
			),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(Scheduler::cancel_named(RuntimeOrigin::root(), id), Ok(()));
		network.pass(20);
		assert_eq!(network.enacted(index), None);
		assert_eq!(NetworkParameters::parameters(), before);
	});
}

#[test]
fn the_development_preset_alone_has_a_key_for_sudo() {
	for preset in crate::genesis_presets::preset_names() {
		let development = preset == sp_genesis_builder::DEV_RUNTIME_PRESET;
		chain_of(&preset).execute_with(|| {
			let key = pallet_sudo::Key::<Runtime>::get();
			let expected = development.then(|| Alice.to_account_id());
			assert_eq!(key, expected, "{preset}");
		});
	}
}

#[test]
fn a_key_for_sudo_opens_nothing_on_a_chain_that_is_not_for_development() {
	let key = serde_json::json!({ "sudo": { "key": Alice.to_account_id() } });
	on_a_network_with(key, |mut network| {
		let key = pallet_sudo::Key::<Runtime>::get();
		assert_eq!(key, Some(Alice.to_account_id()));
		let sudo = |call| pallet_sudo::Call::<Runtime>::sudo {
			call: Box::new(call),
		};
		let remark = SystemCall::<Runtime>::remark { remark: vec![] };
		assert_eq!(
			network.send(Alice, sudo(remark.clone().into())),
			Err(filtered())
		);
		// What is operational is in no pool either.
		let alice = RuntimeOrigin::signed(Alice.to_account_id());
		let call = RuntimeCall::from(sudo(mark(b"sudo")));
		assert_eq!(attempt(alice, call), Err(filtered()));
		// Nor in another call.
		let batch = UtilityCall::<Runtime>::batch_all {
			calls: vec![sudo(remark.into()).into()],
		};
		assert_eq!(network.send(Alice, batch), Err(filtered()));
		assert_eq!(marked(), None);
	});
	// On one that is, it does.
	chain_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into()).execute_with(|| {
		let call = call_named("Sudo.sudo");
		assert!(crate::configs::tx_pause::CallFilter::contains(&call));
		assert_eq!(
			attempt(RuntimeOrigin::signed(Alice.to_account_id()), call),
			Ok(())
		);
	});
}
