# Airflow with caseclock. The slim image: every package comes from our own lock, with its hash, and none beside it.
# Python 3.11, as the tests run on.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.11
FROM ${AIRFLOW_IMAGE}

USER root
# inbox and claimed extracts lie in one folder, so that an extract is moved in one step
RUN mkdir -p /opt/caseclock/inbox && chown -R airflow:0 /opt/caseclock && chmod -R g+rwX /opt/caseclock
USER airflow

COPY requirements.txt /requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /requirements.txt

COPY --chown=airflow:0 include/ /opt/airflow/include/
COPY --chown=airflow:0 plugins/ /opt/airflow/plugins/
COPY --chown=airflow:0 dags/ /opt/airflow/dags/

# `docker compose exec airflow-worker caseclock alerts list`
RUN printf '#!/bin/sh\nexec python -m caseclock.cli "$@"\n' > /home/airflow/.local/bin/caseclock && chmod +x /home/airflow/.local/bin/caseclock

# include/ is a place, not a package: the library is found as `caseclock`
ENV PYTHONPATH=/opt/airflow/include \
    CASECLOCK_HOME=/opt/caseclock
