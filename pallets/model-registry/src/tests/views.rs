//! Reads.

use crate::{mock::*, *};
use frame_support::assert_ok;
use inference_primitives::traits::Models as _;

/// The versions that a page lists.
fn page(from: u32, limit: u32) -> Vec<ModelRef> {
	ModelRegistry::list(ModelId(from), limit)
		.into_iter()
		.map(|view| view.reference)
		.collect()
}

/// Models 0 and 1 with one version, 2 with three, 3 with one.
fn with_models(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..4 {
			register(ALICE, registration()).unwrap();
		}
		next_block();
		for _ in 0..2 {
			register_version(ALICE, 2, registration()).unwrap();
		}
		test();
	});
}

#[test]
fn a_view_shows_the_version() {
	with_models(|| {
		let view = ModelRegistry::view(at(2, 1)).unwrap();
		assert_eq!(ModelRegistry::model(at(2, 1)), Some(view.clone()));
		let registration = registration();
		assert_eq!((view.reference, view.creator), (at(2, 1), ALICE));
		assert_eq!(view.name, registration.name.into_inner());
		assert_eq!(
			(view.input, view.output),
			(registration.input, registration.output)
		);
		assert_eq!(view.vk_hash, vk_hash(&registration.key));
		assert_eq!(view.compute_units, KEY_UNITS);
		assert_eq!(ModelRegistry::view(at(2, 4)), None);
		assert_eq!(ModelRegistry::view(at(4, 1)), None);
	});
}

#[test]
fn a_list_is_in_order() {
	with_models(|| {
		assert_eq!(
			page(0, 100),
			vec![at(0, 1), at(1, 1), at(2, 1), at(2, 2), at(2, 3), at(3, 1)]
		);
		assert_eq!(page(3, 100), vec![at(3, 1)]);
		assert_eq!(page(4, 100), vec![]);
		assert_eq!(page(u32::MAX, 100), vec![]);
	});
}

#[test]
fn pages_do_not_split_models() {
	with_models(|| {
		assert_eq!(page(0, 4), vec![at(0, 1), at(1, 1)]);
		assert_eq!(page(2, 4), vec![at(2, 1), at(2, 2), at(2, 3), at(3, 1)]);
	});
}

#[test]
fn a_model_larger_than_the_page_is_cut() {
	with_models(|| {
		assert_eq!(page(2, 2), vec![at(2, 1), at(2, 2)]);
		assert_eq!(page(0, 0), vec![]);
	});
}

#[test]
fn removed_versions_are_not_listed() {
	with_models(|| {
		for model in [at(1, 1), at(2, 2)] {
			advance(ALICE, model, ModelStatus::Retired);
			assert_ok!(ModelRegistry::remove(RuntimeOrigin::signed(ALICE), model));
		}
		assert_eq!(page(0, 100), vec![at(0, 1), at(2, 1), at(2, 3), at(3, 1)]);
	});
}

#[test]
fn a_page_has_at_most_a_hundred_versions() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..120 {
			register(ALICE, registration()).unwrap();
			next_block();
		}
		assert_eq!(page(0, u32::MAX).len(), 100);
		assert_eq!(page(100, u32::MAX).len(), 20);
	});
}
