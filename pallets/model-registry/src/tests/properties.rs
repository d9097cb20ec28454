//! The invariants under any order of calls.

use crate::{mock::*, *};
use inference_primitives::traits::Models as _;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
enum Step {
	Register {
		by: AccountId,
		inputs: u32,
	},
	RegisterVersion {
		by: AccountId,
		model: u32,
		inputs: u32,
	},
	Activate {
		by: AccountId,
		model: ModelRef,
	},
	Deprecate {
		by: AccountId,
		model: ModelRef,
	},
	Retire {
		by: AccountId,
		model: ModelRef,
	},
	Remove {
		by: AccountId,
		model: ModelRef,
	},
	Start {
		model: ModelRef,
	},
	End {
		model: ModelRef,
		settled: bool,
	},
	NextBlock,
}

fn step() -> impl Strategy<Value = Step> {
	let by = prop_oneof![Just(ALICE), Just(BOB), Just(PAUPER)];
	let model = (0u32..4, 1u16..4).prop_map(|(model, version)| at(model, version));
	// Keys of the mock have six public inputs: three inputs fit, two do not.
	let inputs = prop_oneof![9 => Just(3u32), 1 => Just(2u32)];
	prop_oneof![
		(by.clone(), inputs.clone()).prop_map(|(by, inputs)| Step::Register { by, inputs }),
		(by.clone(), 0u32..4, inputs).prop_map(|(by, model, inputs)| Step::RegisterVersion {
			by,
			model,
			inputs
		}),
		(by.clone(), model.clone()).prop_map(|(by, model)| Step::Activate { by, model }),
		(by.clone(), model.clone()).prop_map(|(by, model)| Step::Deprecate { by, model }),
		(by.clone(), model.clone()).prop_map(|(by, model)| Step::Retire { by, model }),
		(by, model.clone()).prop_map(|(by, model)| Step::Remove { by, model }),
		model.clone().prop_map(|model| Step::Start { model }),
		(model, any::<bool>()).prop_map(|(model, settled)| Step::End { model, settled }),
		Just(Step::NextBlock),
	]
}

/// Takes a step; whether it succeeded. `open` counts the workloads that the market has in flight.
fn take(step: Step, open: &mut BTreeMap<ModelRef, u32>) -> bool {
	let origin = RuntimeOrigin::signed;
	let with = |inputs| Registration {
		input: spec(inputs),
		..registration()
	};
	match step {
		Step::Register { by, inputs } => register(by, with(inputs)).is_ok(),
		Step::RegisterVersion { by, model, inputs } => {
			register_version(by, model, with(inputs)).is_ok()
		},
		Step::Activate { by, model } => ModelRegistry::activate(origin(by), model).is_ok(),
		Step::Deprecate { by, model } => ModelRegistry::deprecate(origin(by), model).is_ok(),
		Step::Retire { by, model } => ModelRegistry::retire(origin(by), model).is_ok(),
		Step::Remove { by, model } => ModelRegistry::remove(origin(by), model).is_ok(),
		Step::Start { model } => {
			let started = ModelRegistry::start_workload(model).is_ok();
			if started {
				*open.entry(model).or_default() += 1;
			}
			started
		},
		Step::End { model, settled } => match open.get_mut(&model) {
			Some(count) if *count > 0 => {
				*count -= 1;
				ModelRegistry::end_workload(model, settled);
				true
			},
			_ => false,
		},
		Step::NextBlock => {
			next_block();
			true
		},
	}
}

/// A digest of the chain's state.
fn state() -> Vec<u8> {
	sp_io::storage::root(sp_runtime::StateVersion::V1)
}

proptest! {
	#[test]
	fn money_references_and_workloads_are_kept(
		steps in proptest::collection::vec(step(), 1..120),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let issuance = Balances::total_issuance();
			let mut open = BTreeMap::new();
			for step in steps {
				let before = state();
				if !take(step, &mut open) {
					let after = state();
					assert_eq!(before, after, "a failed call changed the state: {step:?}");
				}
				ModelRegistry::do_try_state().expect("the invariants hold");
			}
			assert_eq!(Balances::total_issuance(), issuance);
			let versions = Models::<Test>::iter_values().count() as u32;
			assert_eq!(references(vk_hash(&registration().key)), versions);
			for (model, count) in open {
				let in_flight = Models::<Test>::get(model).map_or(0, |m| m.in_flight);
				assert_eq!(in_flight, count);
			}
		});
	}
}
