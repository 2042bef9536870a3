//! The SSH server in front: a terminal and a shell, and nothing else.

use std::{collections::HashMap, sync::Arc, time::Duration};

use russh::{
    Channel, ChannelId, MethodKind, MethodSet, Pty,
    server::{self, Auth, ChannelOpenHandle, Msg, Session},
};
use secrecy::ExposeSecret as _;
use tokio::{net::TcpListener, sync::watch};

use super::{CliHandle, session};
use crate::{
    severable::{Knife, Severable},
    ssh::{HostKey, Login},
};

/// Accepts connections until the switch stops.
pub(super) async fn listen(
    listener: TcpListener,
    host_key: HostKey,
    switch: CliHandle,
    login: Login,
    mut stopped: watch::Receiver<bool>,
) {
    let config = Arc::new(server::Config {
        methods: MethodSet::from(&[MethodKind::Password][..]),
        keys: vec![host_key.into_key()],
        auth_rejection_time: Duration::from_millis(100),
        auth_rejection_time_initial: Some(Duration::ZERO),
        nodelay: true,
        inactivity_timeout: None,
        ..server::Config::default()
    });
    let login = Arc::new(login);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    continue;
                }
            },
            _ = stopped.changed() => return,
        };
        let knife = Knife::default();
        let stream = Severable { stream, knife: knife.clone() };
        let handler = Connection {
            switch: switch.clone(),
            login: Arc::clone(&login),
            knife: knife.clone(),
            channels: HashMap::new(),
            gone: watch::Sender::new(()),
        };
        let (config, mut stopped) = (Arc::clone(&config), stopped.clone());
        tokio::spawn(async move {
            let serve = async {
                match server::run_stream(config, stream, handler).await {
                    Ok(running) => running.await,
                    Err(error) => Err(error),
                }
            };
            tokio::select! {
                ended = serve => if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                },
                _ = stopped.changed() => {}
            }
            knife.cut();
        });
    }
}

struct Connection {
    switch: CliHandle,
    login: Arc<Login>,
    knife: Knife,
    channels: HashMap<ChannelId, Channel<Msg>>,
    /// Goes with the connection. Who waits to write to one that is gone may wait for ever.
    gone: watch::Sender<()>,
}

impl server::Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        let right = user == self.login.username && password == self.login.password.expose_secret();
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(id)
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        let Some(channel) = self.channels.remove(&id) else { return session.channel_failure(id) };
        session.channel_success(id)?;
        let handle = session.handle();
        let (switch, knife) = (self.switch.clone(), self.knife.clone());
        let mut gone = self.gone.subscribe();
        tokio::spawn(async move {
            let served = tokio::select! {
                served = session::serve(&switch, channel.into_stream()) => served,
                _ = gone.changed() => return,
            };
            if served.is_err() {
                knife.cut();
            } else {
                // The client may have closed its side already.
                let _ = handle.eof(id).await;
                let _ = handle.close(id).await;
            }
        });
        Ok(())
    }
}
