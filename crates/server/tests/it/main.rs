//! The server through its sockets. Files are laid out as the API is.

mod teammates;
