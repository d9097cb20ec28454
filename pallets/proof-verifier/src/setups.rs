//! Setups: governance's part, and the genesis.

use super::*;
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use inference_verifier::Setup;

impl<T: Config> Pallet<T> {
	/// Starts the chain with all proof systems and the given setups.
	pub(crate) fn build_genesis(setups: &[Vec<u8>]) {
		for (system, version) in systems::GENESIS_SYSTEMS {
			let record = SystemRecord {
				version,
				end_of_life: None,
			};
			Systems::<T>::insert(system, record);
		}
		for (index, bytes) in setups.iter().enumerate() {
			match Setup::from_bytes(bytes) {
				Ok(setup) if Self::is_secure_here(&setup) => Self::store_setup(&setup),
				// Everybody could forge its proofs.
				Ok(_) => panic!(
					"genesis setup {index}: the insecure development setup, on a chain that is not a \
					 development chain"
				),
				// A chain that starts without its setup would be useless, and nobody would know.
				Err(error) => panic!("genesis setup {index}: {error}"),
			}
		}
	}

	pub(crate) fn store_setup(setup: &Setup) {
		// As long as the bound by construction.
		let lines = LinesBytes::truncate_from(setup.lines_bytes());
		SetupLines::<T>::insert(setup.id(), lines);
		Setups::<T>::insert(
			setup.id(),
			ApprovedSetup {
				s_g2: setup.to_bytes(),
				keys: 0,
			},
		);
	}

	/// Whether the setup's secret is unknown, or the chain does not mind. The pallet of the
	/// parameters is built before this one, so genesis knows, too.
	fn is_secure_here(setup: &Setup) -> bool {
		T::Network::is_development() || *setup != Setup::insecure_development()
	}

	pub(crate) fn do_approve_setup(bytes: &[u8]) -> DispatchResult {
		let setup = Setup::from_bytes(bytes).map_err(Error::<T>::from)?;
		ensure!(Self::is_secure_here(&setup), Error::<T>::InsecureSetup);
		let id = setup.id();
		ensure!(
			!Disabled::<T>::contains_key(Subject::Setup(id)),
			Error::<T>::Disabled
		);
		ensure!(
			!Setups::<T>::contains_key(id),
			Error::<T>::SetupAlreadyApproved
		);
		Self::store_setup(&setup);
		Self::deposit_event(Event::SetupApproved { setup: id });
		Ok(())
	}

	pub(crate) fn do_revoke_setup(setup: SetupId) -> DispatchResult {
		let approved = Setups::<T>::get(setup).ok_or(Error::<T>::SetupNotApproved)?;
		ensure!(approved.keys == 0, Error::<T>::SetupInUse);
		Setups::<T>::remove(setup);
		SetupLines::<T>::remove(setup);
		Self::deposit_event(Event::SetupRevoked { setup });
		Ok(())
	}
}
