# One image for every process; docker-compose.yml and platforms name the command.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/connector
COPY requirements.lock pyproject.toml ./
# As constraints, so that the tools of the tests stay out of the image.
COPY README.md ./
COPY connector ./connector
COPY workers ./workers
COPY webhook_receiver ./webhook_receiver
COPY sandbox ./sandbox
RUN /opt/connector/bin/pip install --no-cache-dir --disable-pip-version-check -c requirements.lock .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app connector
COPY --from=build /opt/connector /opt/connector
WORKDIR /app
COPY config ./config
ENV PATH=/opt/connector/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REMAP_SIGTERM=SIGQUIT
USER 10001
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["gunicorn", "-c", "python:webhook_receiver.gunicorn_conf", "webhook_receiver.wsgi:app"]
