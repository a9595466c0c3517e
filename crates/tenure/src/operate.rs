//! Asking a node: the one that runs, over its socket, or else one that is opened for this question alone.

use crate::cli::{Global, Which};
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use tenure_journal::sqlite::{JOURNAL_FILE, WhenShorter};
use tenure_server::operator::{CompanyRequest, Operator, OperatorReply, OperatorRequest, socket};
use tenure_server::{DataFolder, FolderError, Node, NodeError};

/// How often to look again for a server that holds the folder and does not answer yet, or no longer.
const TRIES: usize = 3;

/// Where the data is.
pub(crate) fn data_path(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(data) = &global.data {
        return Ok(data.clone());
    }
    use etcetera::BaseStrategy as _;
    let places = etcetera::choose_base_strategy();
    let places = places.map_err(|error| Failure::new(format!("{error}; name a data folder with --data")))?;
    Ok(places.data_dir().join("tenure"))
}

/// A runtime for a command.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))
}

/// Fails, unless a journal is there: asking must not make one where somebody mistyped a path.
pub(crate) fn require_journal(path: &Path) -> Result<(), Failure> {
    if path.join(JOURNAL_FILE).is_file() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "there is no journal in {}; begin with `tenure company create NAME`, or name another folder with --data",
        path.display()
    )))
}

/// Asks, and waits for the answer.
pub(crate) fn ask(global: &Global, request: &OperatorRequest) -> Result<OperatorReply, Failure> {
    let path = data_path(global)?;
    if !matches!(request, OperatorRequest::CreateCompany { .. }) {
        require_journal(&path)?;
    }
    let folder = DataFolder::open(&path).map_err(Failure::new)?;
    runtime()?.block_on(async {
        let mut held = None;
        for _ in 0..TRIES {
            let answered = socket::ask(&folder, request).await;
            let answered = answered.map_err(|error| {
                Failure::new(format!("cannot ask the server at {}: {error}", folder.socket().display()))
            })?;
            if let Some(answered) = answered {
                return answered.map_err(Failure::new);
            }
            match Node::open(folder.clone(), WhenShorter::Refuse).await {
                Ok(node) => {
                    let answered = Operator::of(&node).operate(request.clone()).await;
                    node.close().await;
                    return answered.map_err(Failure::new);
                }
                Err(NodeError::Folder(error @ FolderError::Held { .. })) => held = Some(error),
                Err(error) => return Err(Failure::new(error)),
            }
        }
        Err(held.map_or_else(|| Failure::new("the data folder is busy; try again"), Failure::new))
    })
}

/// Asks about one company.
pub(crate) fn ask_company(
    global: &Global,
    which: Which,
    ask: CompanyRequest,
) -> Result<OperatorReply, Failure> {
    self::ask(global, &OperatorRequest::Company { company: which.company, ask })
}
