//! The pallet's invariants, listed in the crate's documentation.

use super::*;
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::hold::Inspect as _};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks the invariants listed in the crate's documentation.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut listed = 0usize;
		for (id, lineage) in Lineages::<T>::iter() {
			ensure!(
				id < NextModelId::<T>::get(),
				"a model beyond the next identifier"
			);
			let versions = &lineage.versions;
			ensure!(!versions.is_empty(), "a model without versions");
			ensure!(versions.is_sorted_by(|a, b| a < b), "versions out of order");
			ensure!(
				versions
					.iter()
					.all(|version| (1..=lineage.latest).contains(version)),
				"a version beyond the latest"
			);
			for version in versions {
				let model = Models::<T>::get(ModelRef {
					model: id,
					version: *version,
				})
				.ok_or("a lineage lists a version that is not stored")?;
				ensure!(
					model.creator == lineage.creator,
					"a version of another creator"
				);
			}
			listed = listed.saturating_add(versions.len());
		}
		let mut deposits = BTreeMap::<AccountIdOf<T>, Balance>::new();
		let mut stored = 0usize;
		for model in Models::<T>::iter_values() {
			stored = stored.saturating_add(1);
			Self::check_name(&model.name).map_err(|_| "a name that is no name")?;
			for spec in [&model.input, &model.output] {
				Self::check_spec(spec).map_err(|_| "a tensor that cannot be registered")?;
			}
			ensure!(
				model.status != ModelStatus::Draft || model.in_flight == 0,
				"a draft in use"
			);
			let sum = deposits.entry(model.creator).or_default();
			*sum = sum.checked_add(model.deposit).ok_or("deposits overflow")?;
		}
		ensure!(listed == stored, "a version that no lineage lists");
		for (creator, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::ModelDeposit.into(), &creator);
			ensure!(
				held == sum,
				"a creator's deposits on hold are not the sum of its versions'"
			);
		}
		let fee = Fee::<T>::get();
		ensure!(
			fee.in_block <= MAX_REGISTRATIONS_PER_BLOCK,
			"too many registrations in a block"
		);
		ensure!(
			fee.at <= Self::block_number(),
			"a registration in the future"
		);
		Ok(())
	}
}
