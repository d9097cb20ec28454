//! Which of a worker's transactions failed in finalised blocks, from the blocks' bodies and events.

use super::{runtime::Runtimes, transaction::action_of};
use crate::client::FullClient;
use codec::Encode;
use inference_offchain_worker::{ChainError, FailedCall, FinalizedBlock, WorkerKey};
use inference_runtime::{Hash, RuntimeEvent};
use sc_client_api::{BlockBackend, StorageKey, StorageProvider};
use sp_runtime::traits::Header;

/// Most blocks that are looked at: what is older was seen, or is too old to act on.
const MAX_BLOCKS: u32 = 64;

type Record = frame_system::EventRecord<RuntimeEvent, Hash>;

/// See [`inference_offchain_worker::Chain::failed_calls`].
pub(super) fn failed_calls(
	client: &FullClient,
	runtimes: &Runtimes,
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
		let header = client
			.header(hash)
			.map_err(|error| failed(&error))?
			.ok_or_else(|| failed(&format!("the database has no block {hash}")))?;
		let parent = *header.parent_hash();
		let body = client.block_body(hash).map_err(|error| failed(&error))?;
		// Transactions and events of a block are in the encoding of the runtime that made it, which is
		// that of the state before: an upgrade's block has the new one after it.
		let runtime = runtimes.at(parent)?;
		let own: Vec<_> = (0u32..)
			.zip(body.unwrap_or_default())
			.filter_map(|(index, transaction)| {
				let action = action_of(&runtime.metadata, &transaction.encode(), worker)?;
				Some((index, action))
			})
			.collect();
		if !own.is_empty() {
			let key = runtime.metadata.value_key("System", "Events");
			let key = StorageKey(key.map_err(|error| failed(&error))?);
			let stored = client.storage(hash, &key).map_err(|error| failed(&error))?;
			let events = match stored {
				Some(data) => {
					let events = runtime.metadata.events::<Record>(&data.0);
					events.map_err(|error| failed(&error))?
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
		hash = parent;
		number = number.saturating_sub(1);
	}
	Ok(found)
}

/// Why the transaction with this index failed, if it did.
fn failure_of(events: &[Record], index: u32) -> Option<String> {
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
	use frame_system::Phase;
	use inference_runtime::linked_metadata;
	use inference_transaction::Metadata;
	use sp_runtime::DispatchError;

	#[test]
	fn the_failure_of_exactly_the_asked_transaction_should_be_found() {
		let failed = |index| Record {
			phase: Phase::ApplyExtrinsic(index),
			event: RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
				dispatch_error: DispatchError::Other(""),
				dispatch_info: Default::default(),
			}),
			topics: Vec::new(),
		};
		let metadata = Metadata::decode(&linked_metadata(16).unwrap()).unwrap();
		let events = metadata.events(&vec![failed(2)].encode()).unwrap();
		assert!(failure_of(&events, 2).is_some());
		assert!(failure_of(&events, 1).is_none());
	}

	#[test]
	fn the_key_of_the_events_should_be_the_one_that_wallets_know() {
		let known = "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
		let metadata = Metadata::decode(&linked_metadata(16).unwrap()).unwrap();
		let key = metadata.value_key("System", "Events").unwrap();
		let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
		assert_eq!(hex, known);
	}
}
