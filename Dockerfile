# syntax=docker/dockerfile:1
# The site and its commands. Runs as an ordinary user on a read-only root filesystem: only /tmp and /data are written.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY config/requirements-services.lock config/
RUN python -m venv /venv \
    && /venv/bin/pip install --only-binary :all: --require-hashes -r config/requirements-services.lock
COPY . .
# The key is for this step alone: it signs nothing. Compiled now, because nothing can be written later. Readable for the
# image's user, whatever the umask was under which the code was fetched.
RUN SECRET_KEY=no-secret-and-long-enough-for-collecting-static-files-0123456789 ALLOWED_HOSTS=localhost STATIC_ROOT=/app/static \
        /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q . \
    && chmod -R a+rX .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 newsfold \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin newsfold \
    && install -d -o newsfold -g newsfold /data /data/media
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/db.sqlite3 \
    MEDIA_ROOT=/data/media \
    STATIC_ROOT=/app/static \
    WEBSUB_STATE=/data/websub.json \
    METRICS_DIR=/tmp/metrics \
    WEB_BIND=0.0.0.0:8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "-c", "config/gunicorn.conf.py"]
