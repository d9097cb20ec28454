//! The types of the node's client, database and transaction pool.

use inference_runtime::{opaque::Block, RuntimeApi};
use sc_executor::WasmExecutor;
use sc_transaction_pool::TransactionPoolHandle;

/// Host functions of the runtime: the SDK's and no others, so that every node can run every version.
pub type HostFunctions = sp_io::SubstrateHostFunctions;
/// One for all tests, which compiles the runtime once.
#[cfg(test)]
pub(crate) static EXECUTOR: std::sync::LazyLock<WasmExecutor<HostFunctions>> =
	std::sync::LazyLock::new(|| WasmExecutor::builder().build());
/// The client.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<HostFunctions>>;
/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// The transaction pool.
pub type FullPool = TransactionPoolHandle<Block, FullClient>;
