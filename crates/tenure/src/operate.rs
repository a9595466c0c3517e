//! Asking a node: the one that runs, over its socket, or else one that is opened for this question alone.

use crate::cli::{Global, Which};
use crate::failure::Failure;
use etcetera::BaseStrategy as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenure_journal::sqlite::JOURNAL_FILE;
use tenure_server::operator::{CompanyRequest, Operator, OperatorReply, OperatorRequest, socket};
use tenure_server::{DataFolder, FolderError, Node, NodeError, NodeOptions};

/// How often to look again for a server that holds the folder and does not answer yet, or no longer.
const TRIES: usize = 3;

/// Where the data is.
pub(crate) fn data_path(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(data) = &global.data {
        return Ok(data.clone());
    }
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

/// Somebody who can be asked again and again: the server of the folder, or a node opened for this command alone.
pub(crate) struct Asking {
    runtime: tokio::runtime::Runtime,
    folder: DataFolder,
    node: Option<Node>,
}

impl Asking {
    /// Prepares for questions about the data folder, which must have a journal.
    pub(crate) fn open(global: &Global) -> Result<Self, Failure> {
        let path = data_path(global)?;
        require_journal(&path)?;
        Self::at(&path)
    }

    fn at(path: &Path) -> Result<Self, Failure> {
        let folder = DataFolder::open(path).map_err(Failure::new)?;
        Ok(Self { runtime: runtime()?, folder, node: None })
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, request: &OperatorRequest) -> Result<OperatorReply, Failure> {
        let Self { runtime, folder, node } = self;
        runtime.block_on(async {
            let mut held = None;
            for _ in 0..TRIES {
                if let Some(node) = node {
                    return Ok(Operator::of(node).operate(request.clone()).await?);
                }
                let answered = socket::ask(folder, request).await;
                let answered = answered.map_err(|error| {
                    let socket = folder.socket();
                    Failure::new(format!("cannot ask the server at {}: {error}", socket.display()))
                        .with_hint("look at the server's log; if it is gone, repeat the command")
                })?;
                if let Some(answered) = answered {
                    return Ok(answered?);
                }
                match Node::open(folder.clone(), NodeOptions::default()).await {
                    Ok(opened) => *node = Some(opened),
                    Err(NodeError::Folder(error @ FolderError::Held { .. })) => held = Some(error),
                    Err(error) => return Err(Failure::new(error)),
                }
            }
            Err(match held {
                Some(FolderError::Held { folder, holder }) => Failure::new(format!(
                    "{holder} holds the data folder {} and cannot be reached over its operator socket",
                    folder.display()
                ))
                .with_hint("if it is a server whose socket was removed, restart it; if it is another command, try again"),
                _ => Failure::new("the data folder is busy; try again"),
            })
        })
    }

    /// Gives the folder back, so that a server can be started on it.
    pub(crate) fn let_go(&mut self) {
        if let Some(node) = self.node.take() {
            self.runtime.block_on(node.close());
        }
    }

    /// Waits; fails if a person ends the command meanwhile.
    pub(crate) fn wait(&self, time: Duration) -> Result<(), Failure> {
        self.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(time) => Ok(()),
                _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
            }
        })
    }
}

/// Asks once, and waits for the answer.
pub(crate) fn ask(global: &Global, request: &OperatorRequest) -> Result<OperatorReply, Failure> {
    let mut asking = match request {
        OperatorRequest::CreateCompany { .. } => Asking::at(&data_path(global)?)?,
        OperatorRequest::ListCompanies | OperatorRequest::Company { .. } | OperatorRequest::Outbox(_) => {
            Asking::open(global)?
        }
    };
    let answered = asking.ask(request);
    asking.let_go();
    answered
}

/// Asks about one company.
pub(crate) fn ask_company(
    global: &Global,
    which: Which,
    ask: CompanyRequest,
) -> Result<OperatorReply, Failure> {
    self::ask(global, &OperatorRequest::Company { company: which.company, ask })
}
