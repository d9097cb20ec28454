//! Registering models and versions.

use crate::{mock::*, *};
use codec::MaxEncodedLen;
use frame_support::{
	assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::fungible::InspectHold,
};
use sp_runtime::{DispatchError, TokenError};

/// What an account has on hold for versions.
pub(super) fn held(account: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::ModelDeposit.into(), &account)
}

/// The deposit for a version at the present price.
pub(super) fn deposit() -> Balance {
	Model::<AccountId>::max_encoded_len() as Balance * Parameters::get().deposit_per_byte
}

mod success {
	use super::*;

	#[test]
	fn a_model_is_registered_as_draft_version_1() {
		ExtBuilder::default().build_and_execute(|| {
			let registration = registration();
			assert_ok!(register(ALICE, registration.clone()));
			let model = Models::<Test>::get(at(0, 1)).unwrap();
			let key = vk_hash(&registration.key);
			assert_eq!(
				model,
				Model {
					creator: ALICE,
					name: registration.name,
					status: ModelStatus::Draft,
					system: ProofSystem::Halo2,
					setup: registration.setup,
					vk_hash: key,
					input: registration.input,
					output: registration.output,
					compute_units: KEY_UNITS,
					royalty: registration.royalty,
					bundle_hash: registration.bundle_hash,
					deposit: deposit(),
					in_flight: 0,
					settled: 0,
				}
			);
			assert_eq!(NextModelId::<Test>::get(), ModelId(1));
			assert_eq!(references(key), 1);
			System::assert_last_event(
				Event::ModelRegistered {
					model: at(0, 1),
					creator: ALICE,
					vk_hash: key,
					compute_units: KEY_UNITS,
					fee: Parameters::get().registration_fee_floor,
				}
				.into(),
			);
		});
	}

	#[test]
	fn the_fee_goes_to_the_treasury_and_the_deposit_is_held() {
		ExtBuilder::default().build_and_execute(|| {
			let fee = ModelRegistry::registration_fee();
			assert_ok!(register(ALICE, registration()));
			assert_eq!(Balances::free_balance(TREASURY), TREASURY_FUNDS + fee);
			assert_eq!(held(ALICE), deposit());
			assert_eq!(Balances::free_balance(ALICE), FUNDS - fee - deposit());
		});
	}

	#[test]
	fn models_and_versions_are_counted_apart() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, registration()));
			assert_ok!(register(BOB, registration()));
			assert_ok!(register_version(ALICE, 0, registration()));
			assert!(Models::<Test>::contains_key(at(0, 2)));
			assert!(Models::<Test>::contains_key(at(1, 1)));
			let lineage = Lineages::<Test>::get(ModelId(0)).unwrap();
			assert_eq!((lineage.creator, lineage.latest), (ALICE, 2));
			assert_eq!(lineage.versions.into_inner(), vec![1, 2]);
			assert_eq!(held(ALICE), 2 * deposit());
			assert_eq!(references(vk_hash(&registration().key)), 3);
		});
	}

	#[test]
	fn a_version_number_is_not_given_twice() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, registration()));
			assert_ok!(register_version(ALICE, 0, registration()));
			advance(ALICE, at(0, 2), ModelStatus::Retired);
			assert_ok!(ModelRegistry::remove(
				RuntimeOrigin::signed(ALICE),
				at(0, 2)
			));
			assert_ok!(register_version(ALICE, 0, registration()));
			assert_eq!(
				Lineages::<Test>::get(ModelId(0))
					.unwrap()
					.versions
					.into_inner(),
				vec![1, 3]
			);
		});
	}

	#[test]
	fn the_greatest_royalty_is_allowed() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(
				ALICE,
				Registration {
					royalty: MAX_ROYALTY,
					..registration()
				}
			));
		});
	}

	#[test]
	fn the_weight_includes_the_keys() {
		let weight = |bytes: usize| {
			let r = registration();
			crate::Call::<Test>::register_model {
				name: r.name,
				system: r.system,
				setup: r.setup,
				key: vec![0; bytes].try_into().unwrap(),
				input: r.input,
				output: r.output,
				royalty: r.royalty,
				bundle_hash: r.bundle_hash,
				max_fee: 0,
				circuit_hash: r.circuit_hash,
			}
			.get_dispatch_info()
			.call_weight
		};
		assert_eq!(
			weight(1_000),
			weight(0) + MockVerifier::register_weight(1_000)
		);
	}
}

mod failure {
	use super::*;

	#[test]
	fn unsigned_origins_are_refused() {
		ExtBuilder::default().build_and_execute(|| {
			let r = registration();
			assert_noop!(
				ModelRegistry::register_model(
					RuntimeOrigin::root(),
					r.name,
					r.system,
					r.setup,
					r.key,
					r.input,
					r.output,
					r.royalty,
					r.bundle_hash,
					0,
					r.circuit_hash,
				),
				DispatchError::BadOrigin
			);
		});
	}

	#[test]
	fn a_name_is_text_and_not_empty() {
		ExtBuilder::default().build_and_execute(|| {
			for name in [vec![], vec![0xff, 0xfe]] {
				let name = name.try_into().unwrap();
				assert_noop!(
					register(
						ALICE,
						Registration {
							name,
							..registration()
						}
					),
					Error::<Test>::BadName
				);
			}
		});
	}

	#[test]
	fn each_impossible_tensor_is_refused_by_name() {
		let cases = [
			(
				TensorSpec {
					shape: vec![1; 9],
					..spec(3)
				},
				Error::<Test>::TensorRankTooHigh,
			),
			(
				TensorSpec {
					shape: vec![0],
					..spec(3)
				},
				Error::<Test>::BadTensorShape,
			),
			(
				TensorSpec {
					shape: vec![2_049],
					..spec(3)
				},
				Error::<Test>::BadTensorShape,
			),
			(
				TensorSpec {
					scale_bits: 41,
					..spec(3)
				},
				Error::<Test>::TensorScaleTooFine,
			),
			(
				TensorSpec {
					min: 1,
					max: 0,
					..spec(3)
				},
				Error::<Test>::BadTensorDomain,
			),
		];
		ExtBuilder::default().build_and_execute(|| {
			for (tensor, error) in cases {
				let error = DispatchError::from(error);
				for r in [
					Registration {
						input: tensor.clone(),
						..registration()
					},
					Registration {
						output: tensor.clone(),
						..registration()
					},
				] {
					assert_noop!(register(ALICE, r), error);
				}
			}
		});
	}

	#[test]
	fn a_rank_beyond_the_limit_is_refused_before_the_shape_is_looked_at() {
		ExtBuilder::default().build_and_execute(|| {
			let input = TensorSpec {
				shape: vec![u32::MAX; 10_000],
				..spec(3)
			};
			assert_noop!(
				register(
					ALICE,
					Registration {
						input,
						..registration()
					}
				),
				Error::<Test>::TensorRankTooHigh
			);
		});
	}

	#[test]
	fn a_key_for_other_tensors_is_refused_and_leaves_no_reference() {
		ExtBuilder::default().build_and_execute(|| {
			for (input, output) in [(2, 2), (4, 2), (3, 1), (3, 3)] {
				let r = Registration {
					input: spec(input),
					output: spec(output),
					..registration()
				};
				assert_noop!(register(ALICE, r), Error::<Test>::PublicInputsMismatch);
			}
			assert_eq!(references(vk_hash(&registration().key)), 0);
		});
	}

	#[test]
	fn an_honest_key_under_other_tensors_is_refused_and_leaves_no_reference() {
		let (input, output) = (spec(3), spec(2));
		let changed = |change: &dyn Fn(&mut Registration)| {
			let mut r = registration();
			change(&mut r);
			r
		};
		let cases: [(&str, &dyn Fn(&mut Registration)); 9] = [
			("the last input as the first output", &|r| {
				(r.input, r.output) = (spec(2), spec(3));
			}),
			("a wider input domain", &|r| r.input.max += 1),
			("a narrower input domain", &|r| r.input.min += 1),
			("a wider output domain", &|r| r.output.min -= 1),
			("a narrower output domain", &|r| r.output.max -= 1),
			("another scale of the input", &|r| r.input.scale_bits -= 1),
			("another scale of the output", &|r| r.output.scale_bits += 1),
			("another shape of as many values", &|r| {
				r.input.shape = vec![1, 3];
			}),
			("another circuit", &|r| r.circuit_hash[0] ^= 1),
		];
		ExtBuilder::default().build_and_execute(|| {
			for (what, change) in cases {
				let r = changed(change);
				assert_eq!(
					1 + r.input.len() + r.output.len(),
					1 + input.len() + output.len(),
					"{what}"
				);
				assert_noop!(register(ALICE, r), Error::<Test>::TensorsMismatch);
			}
			assert_eq!(references(vk_hash(&registration().key)), 0);
			// Versions, too.
			assert_ok!(register(ALICE, registration()));
			let wider = changed(&|r| r.input.max += 1);
			assert_noop!(
				register_version(ALICE, 0, wider),
				Error::<Test>::TensorsMismatch
			);
		});
	}

	#[test]
	fn the_verifiers_refusal_is_passed_on() {
		ExtBuilder::default().build_and_execute(|| {
			let key = vec![1, 2, 3].try_into().unwrap();
			assert_noop!(
				register(
					ALICE,
					Registration {
						key,
						..registration()
					}
				),
				DispatchError::Other("no key")
			);
		});
	}

	#[test]
	fn a_royalty_above_the_greatest_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register(
					ALICE,
					Registration {
						royalty: MAX_ROYALTY + 1,
						..registration()
					}
				),
				Error::<Test>::RoyaltyTooHigh
			);
		});
	}

	#[test]
	fn a_fee_that_cannot_be_afforded_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			Parameters::mutate(|p| p.registration_fee_floor = FUNDS);
			assert_noop!(register(ALICE, registration()), TokenError::NotExpendable);
		});
	}

	#[test]
	fn a_deposit_that_cannot_be_afforded_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register(PAUPER, registration()),
				TokenError::FundsUnavailable
			);
		});
	}

	#[test]
	fn a_deposit_that_overflows_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			Parameters::mutate(|p| p.deposit_per_byte = Balance::MAX);
			assert_noop!(register(ALICE, registration()), Error::<Test>::Overflow);
		});
	}

	#[test]
	fn only_the_creator_registers_versions() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, registration()));
			assert_noop!(
				register_version(BOB, 0, registration()),
				Error::<Test>::NotCreator
			);
		});
	}

	#[test]
	fn an_unknown_model_takes_no_versions() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register_version(ALICE, 0, registration()),
				Error::<Test>::UnknownModel
			);
		});
	}

	#[test]
	fn a_model_has_a_bounded_number_of_versions() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, registration()));
			for _ in 1..MAX_VERSIONS {
				next_block();
				assert_ok!(register_version(ALICE, 0, registration()));
			}
			next_block();
			assert_noop!(
				register_version(ALICE, 0, registration()),
				Error::<Test>::TooManyVersions
			);
			advance(ALICE, at(0, 1), ModelStatus::Retired);
			assert_ok!(ModelRegistry::remove(
				RuntimeOrigin::signed(ALICE),
				at(0, 1)
			));
			assert_ok!(register_version(ALICE, 0, registration()));
		});
	}

	#[test]
	fn identifiers_end_without_wrapping() {
		ExtBuilder::default().build_and_execute(|| {
			NextModelId::<Test>::put(ModelId(u32::MAX));
			assert_noop!(register(ALICE, registration()), Error::<Test>::Overflow);
		});
	}

	#[test]
	fn version_numbers_end_without_wrapping() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, registration()));
			Lineages::<Test>::mutate(ModelId(0), |l| l.as_mut().unwrap().latest = u16::MAX);
			assert_noop!(
				register_version(ALICE, 0, registration()),
				Error::<Test>::TooManyVersions
			);
		});
	}
}
