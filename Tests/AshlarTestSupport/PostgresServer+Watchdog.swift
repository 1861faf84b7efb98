extension PostgresServer {
    /// The shell program around a server. Arguments: directory, port for TLS or nothing, further settings.
    ///
    /// The server does not run as root, so root hands the directory to a user that exists for such things. Durability is switched off: what
    /// a test kills is the server, never the machine.
    static let watchdog = #"""
        trap '' HUP INT TERM PIPE
        directory=$1 port=$2 settings=$3
        cd "$directory" || exit 1
        exec 2>>"$directory/log"
        export LC_ALL=C
        for bin in $(command -v postgres | xargs -r dirname) $(ls -d /usr/lib/postgresql/*/bin | sort -V); do :; done

        user=
        if [ "$(id -u)" = 0 ]; then
            for user in postgres nobody; do id "$user" >/dev/null && break; done
            chown "$user" "$directory"
        fi
        # As that user, with no way to the pipes.
        as() {
            if [ -n "$user" ]; then
                setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
            else
                "$@"
            fi </dev/null >>"$directory/log" 2>&1
        }

        certificates() {
            for name in ca other-ca; do
                openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout $name.key -out $name.crt
            done
            openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
            echo 'subjectAltName=DNS:localhost' >server.ext
            openssl x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile server.ext \
                -out server.crt
            chmod 600 server.key
            if [ -n "$user" ]; then chown "$user" server.key server.crt; fi
        }

        configure() {
            cat >data/pg_hba.conf <<END
        local all postgres trust
        local all all scram-sha-256
        local replication postgres trust
        hostssl all all 127.0.0.1/32 scram-sha-256
        END
            cat >>data/postgresql.conf <<END
        unix_socket_directories = '$directory'
        listen_addresses = ''
        fsync = off
        full_page_writes = off
        max_connections = 60
        END
            if [ -n "$port" ]; then
                certificates >>log 2>&1
                cat >>data/postgresql.conf <<END
        listen_addresses = '127.0.0.1'
        port = $port
        ssl = on
        ssl_cert_file = '$directory/server.crt'
        ssl_key_file = '$directory/server.key'
        END
            fi
            printf '%s\n' "$settings" >>data/postgresql.conf
        }

        start() { as "$bin/pg_ctl" -D data -w -l "$directory/server.log" start; }
        stop() { as "$bin/pg_ctl" -D data -w -m "$1" stop; }
        # A connection pooler in session mode, which does not run as root either.
        pooler() {
            pgbouncer=$(PATH="$PATH:/usr/sbin" command -v pgbouncer) || { echo "no pgbouncer: install the package of that name" >>log; return 1; }
            stop_pooler
            as mkdir -p pooler && cat >pooler.ini <<END
        [databases]
        * = host=$directory port=${port:-5432}
        [pgbouncer]
        pool_mode = session
        listen_addr =
        listen_port = 6432
        unix_socket_dir = $directory/pooler
        auth_type = scram-sha-256
        auth_file = $directory/pooler.users
        pidfile = $directory/pooler/pid
        logfile = $directory/pooler/log
        END
            as "$pgbouncer" -d "$directory/pooler.ini"
            for try in $(seq 200); do
                [ -S pooler/.s.PGSQL.6432 ] && return 0
                sleep 0.05
            done
            cat pooler/log >>log
            return 1
        }
        stop_pooler() {
            [ -f pooler/pid ] || return 0
            kill "$(cat pooler/pid)"
            for try in $(seq 200); do kill -0 "$(cat pooler/pid)" || break; sleep 0.05; done
            rm -f pooler/pid pooler/.s.PGSQL.6432
        }

        # A second server that takes over all that the first one writes, and answers queries.
        standby() {
            as mkdir -p standby-socket &&
                as "$bin/pg_basebackup" -h "$directory" -p "${port:-5432}" -U postgres -D standby -R -X stream -c fast \
                    --no-sync || return 1
            echo "unix_socket_directories = '$directory/standby-socket'" >>standby/postgresql.conf
            as "$bin/pg_ctl" -D standby -w -l "$directory/server.log" start
        }
        promote() { as "$bin/pg_ctl" -D standby -w promote; }

        reply() { if [ "$1" = 0 ]; then echo done; else tail -n 20 log server.log; echo failed; fi; }

        as "$bin/initdb" -D data -U postgres -A trust -E UTF8 --no-locale --no-sync && configure && start
        reply $?
        while read -r command; do
            case $command in
            start) start ;;
            stop) stop immediate ;;
            restart) stop fast; start ;;
            pooler) pooler ;;
            standby) standby ;;
            promote) promote ;;
            esac
            reply $?
        done
        stop_pooler
        [ ! -d standby ] || as "$bin/pg_ctl" -D standby -w -m immediate stop
        stop immediate
        cd / && rm -rf "$directory"
        """#
}
