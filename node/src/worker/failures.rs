//! Which of a worker's transactions failed in finalised blocks, from the blocks' bodies and events.

use super::transaction::action_of;
use crate::client::FullClient;
use codec::{DecodeAll, Encode};
use inference_offchain_worker::{ChainError, FailedCall, FinalizedBlock, WorkerKey};
use inference_runtime::{Hash, RuntimeEvent, UncheckedExtrinsic};
use sc_client_api::{BlockBackend, StorageKey, StorageProvider};
use sp_io::hashing::twox_128;
use sp_runtime::traits::Header;

/// Most blocks that are looked at: what is older was seen, or is too old to act on.
const MAX_BLOCKS: u32 = 64;

type Events = Vec<frame_system::EventRecord<RuntimeEvent, Hash>>;

/// Key of `System::Events`.
fn events_key() -> StorageKey {
	StorageKey([twox_128(b"System"), twox_128(b"Events")].concat())
}

/// See [`inference_offchain_worker::Chain::failed_calls`].
pub(super) fn failed_calls(
	client: &FullClient,
	above: FinalizedBlock,
	upto: FinalizedBlock,
	worker: WorkerKey,
) -> Result<Vec<FailedCall>, ChainError> {
	let failed = |reason: &dyn std::fmt::Display| ChainError::Read {
		what: "a finalised block",
		reason: reason.to_string(),
	};
	let mut found = Vec::new();
	let (mut hash, mut number) = (Hash::from(upto.hash), upto.number);
	for _ in 0..MAX_BLOCKS {
		if number <= above.number {
			break;
		}
		let body = client.block_body(hash).map_err(|error| failed(&error))?;
		let own: Vec<_> = (0u32..)
			.zip(body.unwrap_or_default())
			.filter_map(|(index, transaction)| {
				let bytes = transaction.encode();
				let transaction = UncheckedExtrinsic::decode_all(&mut &bytes[..]).ok()?;
				Some((index, action_of(&transaction, worker)?))
			})
			.collect();
		if !own.is_empty() {
			let events = client
				.storage(hash, &events_key())
				.map_err(|error| failed(&error))?;
			let events = match events {
				Some(data) => {
					Events::decode_all(&mut &data.0[..]).map_err(|error| failed(&error))?
				},
				None => Vec::new(),
			};
			for (index, (workload, action)) in own {
				if let Some(error) = failure_of(&events, index) {
					found.push(FailedCall {
						workload,
						action,
						block: number,
						error,
					});
				}
			}
		}
		let header = client
			.header(hash)
			.map_err(|error| failed(&error))?
			.ok_or_else(|| failed(&format!("the database has no block {hash}")))?;
		hash = *header.parent_hash();
		number = number.saturating_sub(1);
	}
	Ok(found)
}

/// Why the transaction with this index failed, if it did.
fn failure_of(events: &Events, index: u32) -> Option<String> {
	events
		.iter()
		.find_map(|record| match (&record.phase, &record.event) {
			(
				frame_system::Phase::ApplyExtrinsic(of),
				RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
					dispatch_error, ..
				}),
			) if *of == index => Some(format!("{dispatch_error:?}")),
			_ => None,
		})
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_system::{EventRecord, Phase};
	use sp_runtime::DispatchError;

	#[test]
	fn the_failure_of_exactly_the_asked_transaction_should_be_found() {
		let failed = |index| EventRecord::<RuntimeEvent, Hash> {
			phase: Phase::ApplyExtrinsic(index),
			event: RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
				dispatch_error: DispatchError::Other(""),
				dispatch_info: Default::default(),
			}),
			topics: Vec::new(),
		};
		let events = vec![failed(2)];
		let events = Events::decode_all(&mut &events.encode()[..]).unwrap();
		assert!(failure_of(&events, 2).is_some());
		assert!(failure_of(&events, 1).is_none());
	}

	#[test]
	fn the_key_of_the_events_should_be_the_one_that_wallets_know() {
		let known = "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
		let hex: String = events_key().0.iter().map(|b| format!("{b:02x}")).collect();
		assert_eq!(hex, known);
	}
}
