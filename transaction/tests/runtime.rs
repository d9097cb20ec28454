//! The linked runtime, as it is and as an upgrade may leave it.

use codec::{Compact, Decode, DecodeAll, Encode};
use frame_metadata::{
	v15::RuntimeMetadataV15, RuntimeMetadata, RuntimeMetadataPrefixed, META_RESERVED,
};
use frame_support::weights::Weight;
use frame_system::{EventRecord, Phase};
use inference_primitives::{
	parameters::UNIT, runtime_api::NetworkStatus, Destination, Mode, ModelId, ModelRef, Tick,
	Ticks, WorkloadId,
};
use inference_runtime::{
	linked_metadata, AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent, UncheckedExtrinsic,
	VERSION,
};
use inference_transaction::{Error, Metadata, Terms, VERSIONS};
use pallet_inference_market::Call as Market;
use scale_info::{form::PortableForm, TypeDef, TypeDefVariant, TypeInfo};
use sp_core::{sr25519, Pair};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{
	generic::{Era, Preamble},
	traits::Verify,
	MultiAddress, MultiSignature,
};

type Record = EventRecord<RuntimeEvent, Hash>;

fn metadata_of(version: u32) -> Metadata {
	Metadata::decode(&linked_metadata(version).unwrap()).unwrap()
}

/// The linked runtime's metadata, to be changed.
fn linked() -> RuntimeMetadataV15 {
	let bytes = linked_metadata(15).unwrap();
	match RuntimeMetadataPrefixed::decode_all(&mut &bytes[..])
		.unwrap()
		.1
	{
		RuntimeMetadata::V15(metadata) => metadata,
		_ => panic!("another version"),
	}
}

fn read(metadata: RuntimeMetadataV15) -> Metadata {
	let metadata = RuntimeMetadataPrefixed(META_RESERVED, RuntimeMetadata::V15(metadata));
	Metadata::decode(&metadata.encode()).unwrap()
}

fn variants(metadata: &mut RuntimeMetadataV15, id: u32) -> &mut TypeDefVariant<PortableForm> {
	match &mut metadata.types.types[id as usize].ty.type_def {
		TypeDef::Variant(variants) => variants,
		_ => panic!("no enumeration"),
	}
}

/// The calls of the market.
fn market(metadata: &mut RuntimeMetadataV15) -> &mut TypeDefVariant<PortableForm> {
	let call = metadata.outer_enums.call_enum_ty.id;
	let market = variants(metadata, call)
		.variants
		.iter()
		.find(|pallet| pallet.name == "InferenceMarket")
		.unwrap();
	let id = market.fields[0].ty.id;
	variants(metadata, id)
}

fn pair() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[7; 32])
}

fn account() -> AccountId {
	pair().public().into()
}

fn terms() -> Terms {
	Terms {
		nonce: 70,
		era: Era::mortal(64, 1_000),
		era_start: Hash::repeat_byte(2),
		genesis: Hash::repeat_byte(3),
		spec_version: VERSION.spec_version,
		transaction_version: VERSION.transaction_version,
		tip: 5,
	}
}

const LIMIT: Weight = Weight::from_parts(7_000, 0);

fn prove() -> RuntimeCall {
	Market::prove {
		workload: WorkloadId([4; 32]),
		output: Some(vec![1, -1].try_into().unwrap()),
		proof: vec![9; 300].try_into().unwrap(),
		verify_limit: LIMIT,
	}
	.into()
}

fn calls() -> Vec<RuntimeCall> {
	let submit = Market::submit_workload {
		model: ModelRef {
			model: ModelId(3),
			version: 2,
		},
		input: vec![1, -2, 3].try_into().unwrap(),
		destination: Destination::Local,
		mode: Mode::Deferred,
		max_price: 12 * UNIT,
		deadline: Ticks(40),
		value_at_risk: 0,
	};
	let transfer = pallet_balances::Call::transfer_keep_alive {
		dest: MultiAddress::Id(account()),
		value: UNIT,
	};
	vec![submit.into(), transfer.into(), prove()]
}

fn sign(metadata: &Metadata, call: &RuntimeCall) -> Result<Vec<u8>, Error> {
	let unsigned = metadata.transaction(metadata.call(call)?, &terms())?;
	let signature = pair().sign(&unsigned.payload());
	unsigned.signed(account(), MultiSignature::Sr25519(signature))
}

#[test]
fn the_linked_runtime_gets_its_own_encoding() {
	for version in VERSIONS {
		let metadata = metadata_of(version);
		for call in calls() {
			assert_eq!(metadata.call(&call), Ok(call.encode()));
			let bytes = sign(&metadata, &call).unwrap();
			let decoded = UncheckedExtrinsic::decode_all(&mut &bytes[..]).unwrap();
			assert_eq!(decoded.encode(), bytes);
			assert_eq!(decoded.function, call);
			let Preamble::Signed(signer, signature, extension) = &decoded.preamble else {
				panic!("nobody signed")
			};
			assert_eq!(*signer, MultiAddress::Id(account()));
			// What the runtime itself puts together of transaction and state.
			let mut payload = (&call, extension).encode();
			payload.extend((VERSION.spec_version, VERSION.transaction_version).encode());
			payload.extend((terms().genesis, terms().era_start).encode());
			payload.extend(None::<[u8; 32]>.encode());
			if payload.len() > 256 {
				payload = blake2_256(&payload).to_vec();
			}
			assert!(signature.verify(&payload[..], &account()));
			let read = metadata.decode_transaction(&bytes).unwrap();
			assert_eq!(read, Some((account(), call)));
		}
	}
}

#[test]
fn transactions_are_in_the_encoding_of_the_chain_not_ours() {
	let mut changed = linked();
	// Other indices of the market and of its calls, arguments in another order.
	let call = changed.outer_enums.call_enum_ty.id;
	for pallet in &mut variants(&mut changed, call).variants {
		if pallet.name == "InferenceMarket" {
			pallet.index = 99;
		}
	}
	for call in &mut market(&mut changed).variants {
		call.index += 10;
		call.fields.reverse();
	}
	// Extensions in another order.
	changed.extrinsic.signed_extensions.reverse();
	let metadata = read(changed);

	let ours = prove();
	let encoded = metadata.call(&ours).unwrap();
	assert_eq!(encoded[..2], [99, ours.encode()[1] + 10]);
	let mut expected = LIMIT.encode();
	expected.extend(vec![9u8; 300].encode());
	expected.extend(Some(vec![1i64, -1]).encode());
	expected.extend([4u8; 32]);
	assert_eq!(encoded[2..], expected);

	let bytes = sign(&metadata, &ours).unwrap();
	assert_eq!(
		metadata.decode_transaction(&bytes).unwrap(),
		Some((account(), ours))
	);
	// The linked runtime reads something else, or nothing.
	let linked = metadata_of(15).decode_transaction::<RuntimeCall>(&bytes);
	assert!(linked.is_err() || linked == Ok(None), "{linked:?}");
	// In reverse: hash mode, tip, nonce, era. They follow length, format, address and signature.
	let length = bytes.len() - Vec::<u8>::decode(&mut &bytes[..]).unwrap().len();
	let mut extra = vec![0u8];
	Compact(5u128).encode_to(&mut extra);
	Compact(70u32).encode_to(&mut extra);
	terms().era.encode_to(&mut extra);
	let start = length + 1 + 33 + 65;
	assert_eq!(bytes[start..start + extra.len()], extra);
}

#[test]
fn a_call_or_argument_that_the_chain_does_not_have_is_refused_by_name() {
	let mut without_call = linked();
	market(&mut without_call)
		.variants
		.retain(|call| call.name != "prove");
	let error = read(without_call).call(&prove()).unwrap_err().to_string();
	assert!(
		error.contains("InferenceMarket") && error.contains("prove"),
		"{error}"
	);

	let mut with_more = linked();
	for call in &mut market(&mut with_more).variants {
		if call.name == "prove" {
			let mut field = call.fields[0].clone();
			field.name = Some("insurance".into());
			call.fields.push(field);
		}
	}
	let error = read(with_more).call(&prove()).unwrap_err().to_string();
	assert!(error.contains("insurance"), "{error}");
}

#[test]
fn an_unknown_extension_is_applied_if_it_has_no_data_and_refused_by_name_otherwise() {
	let known = linked();
	let unheard = |of: &str| {
		let mut extensions = known.extrinsic.signed_extensions.iter();
		let mut found = extensions.find(|e| e.identifier == of).unwrap().clone();
		found.identifier = "Unheard".into();
		let mut metadata = known.clone();
		metadata.extrinsic.signed_extensions.insert(3, found);
		read(metadata)
	};
	let len = |metadata: &Metadata| sign(metadata, &prove()).map(|bytes| bytes.len());
	assert_eq!(len(&unheard("CheckWeight")), len(&metadata_of(15)));
	for with_data in ["CheckNonce", "CheckSpecVersion"] {
		assert_eq!(
			len(&unheard(with_data)),
			Err(Error::UnknownExtension {
				name: "Unheard".into()
			})
		);
	}
}

#[test]
fn transactions_of_another_format_are_refused() {
	let mut metadata = linked();
	metadata.extrinsic.version = 6;
	assert_eq!(sign(&read(metadata), &prove()), Err(Error::Format(6)));
}

#[test]
fn answers_of_the_runtime_api_are_read_by_name() {
	#[derive(PartialEq, Debug, Decode, TypeInfo)]
	struct Clock {
		now: Tick,
	}
	let metadata = metadata_of(16);
	let status = NetworkStatus {
		now: Tick(77),
		serving: true,
		epoch: 1,
		blocks_to_next_epoch: 2,
		base_price: 3,
		registration_fee: 4,
		total_pledge: 5,
		parameters: inference_primitives::ProtocolParameters::development(),
	};
	let bytes = status.encode();
	let answer = |bytes: &[u8]| metadata.api_answer("InferenceApi", "network_status", bytes);
	assert_eq!(answer(&bytes), Ok(status));
	let clock = metadata.api_answer("InferenceApi", "network_status", &bytes);
	assert_eq!(clock, Ok(Clock { now: Tick(77) }));
	assert!(answer(&bytes[1..]).is_err());
	// Arguments: none, one, several.
	let arguments = |method: &str| metadata.api_arguments("InferenceApi", method, &());
	assert_eq!(arguments("network_status"), Ok(vec![]));
	assert!(matches!(arguments("nothing"), Err(Error::Missing { .. })));
	let model = ModelId(4);
	assert_eq!(
		metadata.api_arguments("InferenceApi", "models", &(model, 9u32)),
		Ok((model, 9u32).encode())
	);
	assert!(metadata
		.api_arguments("InferenceApi", "models", &model)
		.is_err());
	assert_eq!(
		metadata.api_arguments("InferenceApi", "credit", &account()),
		Ok(account().encode())
	);
}

#[test]
fn storage_is_found_and_read_by_the_chains_metadata() {
	let metadata = metadata_of(16);
	assert_eq!(
		metadata.map_key("System", "Account", &account()),
		Ok(frame_system::Account::<Runtime>::hashed_key_for(account()))
	);
	type Info = frame_system::AccountInfo<u32, pallet_balances::AccountData<u128>>;
	let info = Info {
		nonce: 6,
		..Info::default()
	};
	let read = |stored: Option<&[u8]>| metadata.stored::<Info>("System", "Account", stored);
	assert_eq!(read(Some(&info.encode())), Ok(Some(info)));
	assert_eq!(read(None), Ok(Some(Info::default())));
	assert!(metadata.value_key("System", "Account").is_err());
	assert!(metadata.map_key("System", "Events", &1u32).is_err());
	assert!(metadata.map_key("System", "Nothing", &1u32).is_err());
}

#[test]
fn events_that_we_do_not_have_hide_no_others() {
	let record = |event: RuntimeEvent| Record {
		phase: Phase::ApplyExtrinsic(1),
		event,
		topics: Vec::new(),
	};
	let system = record(frame_system::Event::CodeUpdated { hash: Hash::zero() }.into());
	let account = account();
	let claimed =
		record(pallet_inference_market::Event::CreditClaimed { account, amount: 1 }.into());
	let bytes = vec![system.clone(), claimed.clone(), system.clone()].encode();
	assert_eq!(
		metadata_of(15).events(&bytes),
		Ok(vec![system.clone(), claimed, system.clone()])
	);
	// The chain calls it otherwise.
	let mut changed = linked();
	let event = changed.outer_enums.event_enum_ty.id;
	for pallet in &mut variants(&mut changed, event).variants {
		if pallet.name == "InferenceMarket" {
			pallet.name = "Bazaar".into();
		}
	}
	let changed = read(changed);
	assert_eq!(changed.events(&bytes), Ok(vec![system.clone(), system]));
	assert!(changed.events::<Record>(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn errors_have_the_chains_names_and_documentation() {
	use sp_runtime::{DispatchError, ModuleError};
	let metadata = metadata_of(16);
	let error: DispatchError = pallet_balances::Error::<Runtime>::InsufficientBalance.into();
	let DispatchError::Module(ModuleError { index, error, .. }) = error else {
		panic!("an error of a pallet")
	};
	let found = metadata.module_error(index, error).unwrap();
	assert_eq!(
		(&found.pallet[..], &found.name[..], &found.docs[..]),
		(
			"Balances",
			"InsufficientBalance",
			"Balance too low to send value."
		)
	);
	assert_eq!(metadata.module_error(index, [255; 4]), None);
	assert_eq!(metadata.module_error(255, error), None);
}

#[test]
fn what_is_no_metadata_or_no_transaction_is_refused() {
	assert!(matches!(Metadata::decode(&[]), Err(Error::Metadata(_))));
	let old = linked_metadata(14).unwrap();
	assert!(matches!(Metadata::decode(&old), Err(Error::Metadata(_))));
	let metadata = metadata_of(15);
	let bytes = sign(&metadata, &prove()).unwrap();
	for len in 0..bytes.len() {
		let read = metadata.decode_transaction::<RuntimeCall>(&bytes[..len]);
		assert!(read.is_err(), "{len}");
	}
	let bare = UncheckedExtrinsic::new_bare(prove()).encode();
	assert_eq!(metadata.decode_transaction::<RuntimeCall>(&bare), Ok(None));
}
