//! Approving and revoking setups; the life of proof systems.

use super::fixture;
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use halo2curves::{
	bn256::{Fq2, Fr, G2Affine},
	ff::{Field, PrimeField},
	group::Curve,
};
use inference_primitives::Ticks;
use inference_verifier::Setup;
use sp_runtime::DispatchError;

/// Encodes a point of G2.
fn encode(point: G2Affine) -> Vec<u8> {
	[point.x.c0, point.x.c1, point.y.c0, point.y.c1]
		.map(|c| c.to_repr())
		.concat()
}

/// An encoded setup other than the development setup: with secret 5.
fn another_setup() -> Vec<u8> {
	encode((G2Affine::generator() * Fr::from(5)).to_affine())
}

/// A point of the twist outside the subgroup: its cofactor is large, so the first point found.
fn outside_the_subgroup() -> Vec<u8> {
	let generator = G2Affine::generator();
	let b = generator.y.square() - generator.x.square() * generator.x;
	let point = (1..).map(Fq2::from).find_map(|x| {
		let y = Option::<Fq2>::from((x.square() * x + b).sqrt())?;
		Some(G2Affine { x, y })
	});
	encode(point.unwrap())
}

fn approve(bytes: Vec<u8>) -> frame_support::dispatch::DispatchResult {
	ProofVerifier::approve_setup(RuntimeOrigin::root(), bytes.try_into().unwrap())
}

mod success {
	use super::*;

	#[test]
	fn genesis_approves_its_setups_and_knows_halo2() {
		ExtBuilder::default().build_and_execute(|| {
			assert_eq!(
				Setups::<Test>::get(fixture::setup().id()),
				Some(ApprovedSetup {
					s_g2: fixture::setup().to_bytes(),
					keys: 0
				})
			);
			assert_eq!(
				Systems::<Test>::get(ProofSystem::Halo2),
				Some(SystemRecord {
					version: 1,
					end_of_life: None
				})
			);
		});
	}

	#[test]
	fn governance_approves_a_setup() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(approve(another_setup()));
			let setup = Setup::from_bytes(&another_setup()).unwrap().id();
			assert!(Setups::<Test>::contains_key(setup));
			System::assert_last_event(Event::SetupApproved { setup }.into());
		});
	}

	#[test]
	fn governance_revokes_an_unused_setup() {
		ExtBuilder::default().build_and_execute(|| {
			let setup = fixture::setup().id();
			assert_ok!(ProofVerifier::revoke_setup(RuntimeOrigin::root(), setup));
			assert!(!Setups::<Test>::contains_key(setup));
			System::assert_last_event(Event::SetupRevoked { setup }.into());
		});
	}

	#[test]
	fn an_end_of_life_can_be_set_and_lifted() {
		ExtBuilder::default().build_and_execute(|| {
			let end = Some(Now::get().after(Parameters::get().unbonding));
			let set = |end| {
				ProofVerifier::set_end_of_life(
					RuntimeOrigin::root(),
					Subject::System(ProofSystem::Halo2),
					end,
				)
			};
			assert_ok!(set(end));
			System::assert_last_event(
				Event::EndOfLifeSet {
					subject: Subject::System(ProofSystem::Halo2),
					end_of_life: end,
				}
				.into(),
			);
			assert_ok!(set(None));
			assert_eq!(
				Systems::<Test>::get(ProofSystem::Halo2)
					.unwrap()
					.end_of_life,
				None
			);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	#[should_panic(expected = "genesis setup 0: a setup has 128 bytes, got 3")]
	fn a_malformed_setup_stops_the_genesis() {
		ExtBuilder::default().setups(vec![vec![1, 2, 3]]).build();
	}

	#[test]
	fn the_insecure_setup_is_refused_on_a_chain_that_is_not_for_development() {
		ExtBuilder::default().setups(vec![]).build_and_execute(|| {
			Development::set(false);
			assert_noop!(
				approve(fixture::setup().to_bytes().to_vec()),
				Error::<Test>::InsecureSetup
			);
			assert_ok!(approve(another_setup()));
			Development::set(true);
			assert_ok!(approve(fixture::setup().to_bytes().to_vec()));
		});
	}

	#[test]
	#[should_panic(expected = "genesis setup 1: the insecure development setup")]
	fn the_insecure_setup_stops_the_genesis_of_a_chain_that_is_not_for_development() {
		Development::set(false);
		let setups = vec![another_setup(), fixture::setup().to_bytes().to_vec()];
		ExtBuilder::default().setups(setups).build();
	}

	#[test]
	fn only_governance_decides() {
		ExtBuilder::default().build_and_execute(|| {
			let alice = || RuntimeOrigin::signed(ALICE);
			assert_noop!(
				ProofVerifier::approve_setup(alice(), another_setup().try_into().unwrap()),
				DispatchError::BadOrigin
			);
			assert_noop!(
				ProofVerifier::revoke_setup(alice(), fixture::setup().id()),
				DispatchError::BadOrigin
			);
			assert_noop!(
				ProofVerifier::set_end_of_life(alice(), Subject::System(ProofSystem::Halo2), None),
				DispatchError::BadOrigin
			);
		});
	}

	#[test]
	fn each_malformed_setup_is_refused_by_name() {
		let good = fixture::setup().to_bytes().to_vec();
		let mut non_canonical = good.clone();
		non_canonical[31] = 0xff;
		let mut off_curve = good.clone();
		off_curve[0] ^= 1;
		let cases = [
			(good[..127].to_vec(), SetupFault::Length),
			(non_canonical, SetupFault::NonCanonical),
			(off_curve, SetupFault::OffCurve),
			(vec![0; 128], SetupFault::Identity),
			(outside_the_subgroup(), SetupFault::OutsideSubgroup),
			(encode(G2Affine::generator()), SetupFault::Generator),
		];
		ExtBuilder::default().build_and_execute(|| {
			for (bytes, fault) in cases {
				assert_noop!(approve(bytes), Error::<Test>::InvalidSetup(fault));
			}
		});
	}

	#[test]
	fn a_setup_is_approved_once() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				approve(fixture::setup().to_bytes().to_vec()),
				Error::<Test>::SetupAlreadyApproved
			);
		});
	}

	#[test]
	fn an_unknown_setup_cannot_be_revoked() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				ProofVerifier::revoke_setup(RuntimeOrigin::root(), SetupId([9; 32])),
				Error::<Test>::SetupNotApproved
			);
		});
	}

	#[test]
	fn a_setup_in_use_cannot_be_revoked() {
		ExtBuilder::default().build_and_execute(|| {
			super::super::keys::register(ALICE, fixture::plan()).unwrap();
			assert_noop!(
				ProofVerifier::revoke_setup(RuntimeOrigin::root(), fixture::setup().id()),
				Error::<Test>::SetupInUse
			);
		});
	}

	#[test]
	fn an_end_of_life_needs_the_unbonding_period_as_notice() {
		ExtBuilder::default().build_and_execute(|| {
			let notice = Parameters::get().unbonding.0;
			let end = Some(Now::get().after(Ticks(notice - 1)));
			assert_noop!(
				ProofVerifier::set_end_of_life(
					RuntimeOrigin::root(),
					Subject::System(ProofSystem::Halo2),
					end
				),
				Error::<Test>::NoticeTooShort
			);
		});
	}

	#[test]
	fn an_unknown_system_has_no_end_of_life() {
		ExtBuilder::default().build_and_execute(|| {
			Systems::<Test>::remove(ProofSystem::Halo2);
			assert_noop!(
				ProofVerifier::set_end_of_life(
					RuntimeOrigin::root(),
					Subject::System(ProofSystem::Halo2),
					None
				),
				Error::<Test>::UnknownSystem
			);
		});
	}
}
